DROP TABLE "authstore_authenticator_details";
