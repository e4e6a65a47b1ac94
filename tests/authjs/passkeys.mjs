// An Auth.js application with passkeys: the real handler of @auth/core on the
// Kysely adapter, with the operations on authenticators that the adapter lacks.
// Only the cryptography is faked: every signature counts as valid.

import { Auth, skipCSRFCheck } from "@auth/core";
import { SqliteAdapter } from "kysely";

const ORIGIN = "https://example.org";

/** The adapter, with what an application adds to it for passkeys. */
function withPasskeys(db, adapter) {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  const fromRow = (row) =>
    row && {
      ...row,
      counter: Number(row.counter),
      credentialBackedUp: Boolean(row.credentialBackedUp),
    };
  const one = (credentialID) =>
    db
      .selectFrom("Authenticator")
      .selectAll()
      .where("credentialID", "=", credentialID)
      .executeTakeFirst()
      .then((row) => fromRow(row) ?? null);
  return {
    ...adapter,
    getAccount: (providerAccountId, provider) =>
      db
        .selectFrom("Account")
        .selectAll()
        .where("providerAccountId", "=", providerAccountId)
        .where("provider", "=", provider)
        .executeTakeFirst()
        .then((row) => row ?? null),
    createAuthenticator: async (authenticator) => {
      const { credentialBackedUp } = authenticator;
      const row = {
        ...authenticator,
        credentialBackedUp: isSqlite ? Number(credentialBackedUp) : credentialBackedUp,
      };
      await db.insertInto("Authenticator").values(row).execute();
      return authenticator;
    },
    getAuthenticator: one,
    listAuthenticatorsByUserId: (userId) =>
      db
        .selectFrom("Authenticator")
        .selectAll()
        .where("userId", "=", userId)
        .execute()
        .then((rows) => rows.map(fromRow)),
    updateAuthenticatorCounter: async (credentialID, counter) => {
      await db
        .updateTable("Authenticator")
        .set({ counter })
        .where("credentialID", "=", credentialID)
        .execute();
      return one(credentialID);
    },
  };
}

const provider = {
  id: "passkey",
  name: "Passkey",
  type: "webauthn",
  enableConditionalUI: false,
  formFields: { email: { label: "Email", required: true, autocomplete: "username webauthn" } },
  simpleWebAuthnBrowserVersion: "v9.0.1",
  authenticationOptions: {},
  registrationOptions: {},
  verifyAuthenticationOptions: {},
  verifyRegistrationOptions: {},
  getRelayingParty: () => ({ id: "example.org", name: "example.org", origin: ORIGIN }),
  getUserInfo: async ({ adapter }, { query }) => {
    if (!query?.email) {
      return null;
    }
    const user = await adapter.getUserByEmail(query.email);
    return user ? { user, exists: true } : { user: { email: query.email }, exists: false };
  },
  simpleWebAuthn: {
    generateRegistrationOptions: async () => ({ challenge: "registration" }),
    generateAuthenticationOptions: async () => ({ challenge: "authentication" }),
    verifyRegistrationResponse: async ({ response, expectedChallenge }) => ({
      verified: expectedChallenge === "registration",
      registrationInfo: {
        credentialID: Buffer.from(response.id, "base64url"),
        credentialPublicKey: Buffer.from("public key"),
        counter: 0,
        credentialBackedUp: true,
        credentialDeviceType: "multiDevice",
      },
    }),
    verifyAuthenticationResponse: async ({ response, expectedChallenge }) => ({
      verified: expectedChallenge === "authentication",
      authenticationInfo: { newCounter: response.counter },
    }),
  },
};

/** The two requests of a ceremony; the token of the session that it began. */
async function ceremony(db, adapter, action, email, data) {
  const errors = [];
  const config = {
    adapter: withPasskeys(db, adapter),
    providers: [provider],
    basePath: "/auth",
    secret: "of the test",
    trustHost: true,
    skipCSRFCheck,
    experimental: { enableWebAuthn: true },
    session: { strategy: "database" },
    logger: { error: (error) => errors.push(error), warn() {}, debug() {} },
  };
  const query = new URLSearchParams({ action, ...(email && { email }) });
  const options = await Auth(new Request(`${ORIGIN}/auth/webauthn-options/passkey?${query}`), config);
  const cookie = options.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const answer = await Auth(
    new Request(`${ORIGIN}/auth/callback/passkey`, {
      method: "POST",
      headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ action, data: JSON.stringify(data) }),
    }),
    config,
  );
  const session = answer.headers
    .getSetCookie()
    .map((line) => /session-token=([^;]+)/.exec(line)?.[1])
    .find(Boolean);
  if (errors.length > 0 || !session) {
    throw errors[0]?.cause?.err ?? errors[0] ?? new Error(`no session: ${answer.status}`);
  }
  return session;
}

export const passkeys = (db, adapter) => ({
  /** Signs up with a new passkey, whose id is in base64url, as a browser gives it. */
  signUpWithPasskey: (email, id) =>
    ceremony(db, adapter, "register", email, { id, response: { transports: ["internal"] } }),

  /** Signs in with a passkey. */
  signInWithPasskey: (id, counter) => ceremony(db, adapter, "authenticate", null, { id, counter }),
});
