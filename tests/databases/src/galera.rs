use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::AuthStore;
use authstore_conformance::{BoxError, Declined, Description, Harness, Outage, Storage};
use uuid::Uuid;

use crate::container::{Container, Recipe, engine};
use crate::database::{Database, with_options};
use crate::kind::Kind;
use crate::proxy::{Proxy, Traffic};
use crate::server::{Server, image};

/// The timeout for a node to join.
const JOIN_TIMEOUT: Duration = Duration::from_secs(120);

/// A Galera cluster of three MariaDB nodes, each in a container. Dropping it removes them.
#[derive(Debug)]
pub struct Galera {
    nodes: Vec<Arc<Server>>,
}

impl Galera {
    /// Starts the nodes, and returns when all three have joined, or the reason why they did not.
    pub fn start() -> Result<Self, String> {
        engine()?;
        let password = Uuid::new_v4().simple().to_string();
        let first = Container::start(&recipe(None, &password))?;
        let address = first.address()?;
        let first = Arc::new(Server::in_container(Kind::Mariadb, first, &password)?);
        wait_until_joined(&first, 1)?;
        let mut nodes = vec![first];
        // One at a time: a node that sends its data to another cannot accept a third.
        for _ in 1..3 {
            let node = Container::start(&recipe(Some(&address), &password))?;
            let node = Arc::new(Server::in_container(Kind::Mariadb, node, &password)?);
            nodes.push(node);
            for node in &nodes {
                wait_until_joined(node, nodes.len())?;
            }
        }
        Ok(Galera { nodes })
    }

    /// Returns the nodes, each of which accepts reads and writes.
    pub fn nodes(&self) -> &[Arc<Server>] {
        &self.nodes
    }

    /// Creates a database, and returns when every node has it: one that has not yet would reject connections to it.
    pub fn database(&self) -> Result<Database, String> {
        let database = Database::on(&self.nodes[0])?;
        let name = database.name();
        let deadline = Instant::now() + JOIN_TIMEOUT;
        for node in &self.nodes {
            let mut client = node.client()?;
            while client
                .try_query(&format!("SHOW DATABASES LIKE '{name}'"))?
                .is_empty()
            {
                if Instant::now() > deadline {
                    return Err(format!("{} did not get the database {name}", node.host()));
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(database)
    }

    /// Returns the URL of a database, with the hosts of all nodes in order.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<_> = self.nodes.iter().map(|node| node.host()).collect();
        self.nodes[0].url_at(&hosts.join(","), database)
    }
}

/// Starts the first node, or one that joins it.
fn recipe(first: Option<&str>, password: &str) -> Recipe {
    let mut recipe = Recipe {
        image: image(Kind::Mariadb),
        port: 3306,
        in_memory: Some("/var/lib/mysql"),
        ..Recipe::default()
    };
    let (begin, cluster) = match first {
        None => {
            recipe.environment = vec![("MARIADB_ROOT_PASSWORD", password.to_owned())];
            (
                "exec docker-entrypoint.sh",
                "gcomm:// --wsrep-new-cluster".to_owned(),
            )
        }
        // Its users are part of the data from the others.
        Some(address) => (
            "install -d -o mysql -g mysql /run/mysqld; cp -a /var/lib/mysql.new/. /var/lib/mysql; \
             chown mysql:mysql /var/lib/mysql; \
             exec setpriv --reuid=mysql --regid=mysql --init-groups --",
            format!("gcomm://{address}"),
        ),
    };
    let script = format!(
        "{begin} mariadbd --bind-address=0.0.0.0 --max-connections=500 --performance-schema=0 \
         --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-buffer-pool-size=32M \
         --innodb-log-file-size=16M --innodb-autoinc-lock-mode=2 --binlog-format=ROW --wsrep-on=ON \
         --wsrep-provider=/usr/lib/galera/libgalera_smm.so --wsrep-cluster-name=authstore \
         --wsrep-node-address=$(hostname -i) --wsrep-sst-method=rsync --wsrep-slave-threads=2 \
         --wsrep-provider-options='gcache.size=16M' --wsrep-cluster-address={cluster}"
    );
    recipe.command = vec!["sh".to_owned(), "-c".to_owned(), script];
    recipe
}

fn wait_until_joined(node: &Server, size: usize) -> Result<(), String> {
    let deadline = Instant::now() + JOIN_TIMEOUT;
    loop {
        let state = node.client().and_then(|mut client| {
            client.try_query(
                "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS \
                 WHERE VARIABLE_NAME IN ('WSREP_CLUSTER_SIZE', 'WSREP_LOCAL_STATE_COMMENT') \
                 ORDER BY VARIABLE_NAME",
            )
        });
        let wanted = [size.to_string(), "Synced".to_owned()];
        match state {
            Ok(rows) if rows.iter().flatten().flatten().eq(&wanted) => return Ok(()),
            state if Instant::now() > deadline => {
                return Err(format!("a node of the cluster did not join: {state:?}"));
            }
            _ => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// A Galera cluster for the conformance suite: each handle on a storage uses the next node.
#[derive(Clone, Debug)]
pub struct GaleraHarness(Arc<Galera>);

impl GaleraHarness {
    /// Creates a harness for this cluster.
    pub fn on(cluster: Arc<Galera>) -> Self {
        GaleraHarness(cluster)
    }
}

impl Harness for GaleraHarness {
    fn describe(&self) -> Description {
        let mut description = Description::new("mariadb-galera", env!("CARGO_PKG_VERSION"));
        let ask = |sql: &str| match self.0.nodes[0].client() {
            Ok(mut client) => client.query_one(sql),
            Err(reason) => reason,
        };
        description.server_version = Some(format!("MariaDB {}", ask("SELECT @@version")));
        description.server_settings = BTreeMap::from([
            ("nodes".to_owned(), self.0.nodes.len().to_string()),
            (
                "wsrep_provider_version".to_owned(),
                ask(
                    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS \
                     WHERE VARIABLE_NAME = 'WSREP_PROVIDER_VERSION'",
                ),
            ),
        ]);
        description.cut_off_by = Some(Outage::Proxy);
        description
    }

    fn declined(&self) -> Vec<Declined> {
        vec![Declined::new(
            "faults.killed_server",
            "After all nodes of a cluster were killed, it starts again only once someone finds the node with the latest data.",
        )]
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let proxies = self.0.nodes.iter().map(|node| Proxy::to(node.host()));
        Ok(Box::new(Cluster {
            proxies: proxies.collect(),
            next: AtomicUsize::new(0),
            database: self.0.database()?,
        }))
    }
}

struct Cluster {
    /// A proxy for each node.
    proxies: Vec<Proxy>,
    /// The node of the next handle.
    next: AtomicUsize,
    database: Database,
}

impl Cluster {
    fn set(&self, traffic: Traffic) {
        for proxy in &self.proxies {
            proxy.set(traffic);
        }
    }
}

impl Storage for Cluster {
    fn open(&self) -> Result<AuthStore, BoxError> {
        let node = self.next.fetch_add(1, Ordering::Relaxed) % self.proxies.len();
        let url = self.database.url_through(self.proxies[node].address());
        Ok(AuthStore::connect(&with_options(
            url,
            "checkout_timeout_ms=20000",
        ))?)
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        for proxy in &self.proxies {
            proxy.close();
        }
        Ok(())
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.set(Traffic::Passes);
        Ok(())
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.set(Traffic::Held);
        Ok(())
    }

    fn hold_answers(&self) -> Result<(), BoxError> {
        self.set(Traffic::AnswersHeld);
        Ok(())
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.set(Traffic::Passes);
        Ok(())
    }

    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        let url = self
            .database
            .server()
            .url_with_password(password, self.database.name());
        Ok(AuthStore::connect(&url))
    }
}
