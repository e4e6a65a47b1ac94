FROM scratch
ADD root.tar /
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin
ENV LANG=en_US.utf8
ENV PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
# A fast shutdown, which does not wait for clients to disconnect.
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
