CREATE TABLE profile (
    user_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    joined datetime(3) NOT NULL,
    joined_by varchar(255) NOT NULL,
    CONSTRAINT profile_user FOREIGN KEY (user_id) REFERENCES `User` (`id`) ON DELETE CASCADE
) ENGINE = InnoDB;
