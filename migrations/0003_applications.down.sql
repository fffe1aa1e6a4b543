DROP TABLE secrets.application_secrets;
DROP TABLE secrets.api_key_hashes;
DROP TABLE api_key_uses;
DROP TABLE api_keys;
DROP TABLE applications;
