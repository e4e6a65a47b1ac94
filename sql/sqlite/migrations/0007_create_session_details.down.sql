DROP TABLE "authstore_session_details";
