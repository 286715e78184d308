// Clerk's own door for a session token in a header, asked without any network: standard input has
// {key, parties, requests: {name: [[header, value], ...]}}, standard output {name: why it was refused, or null}.
import { createClerkClient } from "@clerk/backend";
import { readFileSync } from "node:fs";

const { key, parties, requests } = JSON.parse(readFileSync(0, "utf8"));
const clerk = createClerkClient({
  publishableKey: `pk_test_${Buffer.from("clerk.example.com$").toString("base64")}`,
  secretKey: "sk_test_never_sent",
  jwtKey: key,
  telemetry: { disabled: true },
});

async function refusal(headers) {
  try {
    const request = new Request("https://api.example.com/", { headers });
    const state = await clerk.authenticateRequest(request, { authorizedParties: parties });
    if (!state.isAuthenticated) return state.reason ?? "signed out";
    return state.toAuth()?.userId ? null : "pending";
  } catch (error) {
    return `error: ${error.message}`;
  }
}

const told = {};
for (const [name, headers] of Object.entries(requests)) told[name] = await refusal(headers);
process.stdout.write(JSON.stringify(told));
