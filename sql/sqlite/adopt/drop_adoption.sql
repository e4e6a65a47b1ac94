DROP TABLE "authstore_adoption";
DROP TABLE "authstore_adoption_part";
