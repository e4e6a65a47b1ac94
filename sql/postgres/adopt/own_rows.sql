SELECT current_setting('authstore.own_rows', true) WHERE current_setting('authstore.own_rows', true) <> '';
