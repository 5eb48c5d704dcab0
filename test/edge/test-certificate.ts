/** A self-signed certificate for shop.example, localhost and 127.0.0.1, made for tests and trusted by nothing else. */
export const testKeyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgL/kb63CQJ+Z7rUJP
F+FcL8C+RFko6Adgm7/93leTAYWhRANCAATdmAw62ZBagq1Pw/JnptB9qwPwHoOx
k1Mpk4kRl8jLIcpdTxPc98En8maREkxtPLqkCR3D1tt+DC6iw5DyujDj
-----END PRIVATE KEY-----
`;

export const testCertificatePem = `-----BEGIN CERTIFICATE-----
MIIBqTCCAU+gAwIBAgIUKnAYUzTRzEQdubhUGk/EtHXs9dkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjIyMjg1MVoYDzIxMjYxMTAy
MjIyODUxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATdmAw62ZBagq1Pw/JnptB9qwPwHoOxk1Mpk4kRl8jLIcpdTxPc98En
8maREkxtPLqkCR3D1tt+DC6iw5DyujDjo30wezAdBgNVHQ4EFgQULiyQxFtV2agb
Pi9PduDAZC9E6C4wHwYDVR0jBBgwFoAULiyQxFtV2agbPi9PduDAZC9E6C4wDwYD
VR0TAQH/BAUwAwEB/zAoBgNVHREEITAfgglsb2NhbGhvc3SCDHNob3AuZXhhbXBs
ZYcEfwAAATAKBggqhkjOPQQDAgNIADBFAiEA+rgxyNW1Fytfkz2FAakvxoffiPu1
lZw+nNo561jAE3cCIBlBcsu7zwAS6e5wnw1YNCsmjZ7bHD5FTnCJXtfo+lQ5
-----END CERTIFICATE-----
`;
