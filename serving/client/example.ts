// How a front end asks the API: paths, parameters, bodies, answers and refusals are typed by `schema.d.ts`.

import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

type Page = components["schemas"]["PrioritizedPatients"];
export type Patient = components["schemas"]["PrioritizedPatient"];
export type Problem = components["schemas"]["ProblemBody"];

/** `token` gives a fresh session token of Clerk, such as `() => session.getToken()`. */
export function connect(baseUrl: string, token: () => Promise<string>) {
  const client = createClient<paths>({ baseUrl });
  client.use({
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await token()}`);
      return request;
    },
  });
  return client;
}

type Client = ReturnType<typeof connect>;

async function pageToCall(client: Client, organization: string, cursor: string | null): Promise<Page> {
  const { data, error } = await client.GET("/api/v1/reengagement/{org_id}/patients/prioritized", {
    params: {
      path: { org_id: organization },
      query: { risk_level: "critical", limit: 200, ...(cursor === null ? {} : { cursor }) },
    },
  });
  if (error) throw new Error(describe(error));
  return data;
}

/** All of the list, page by page. */
export async function* everybodyToCall(client: Client, organization: string): AsyncGenerator<Patient> {
  let page = await pageToCall(client, organization, null);
  yield* page.patients;
  while (page.next_cursor !== null) {
    page = await pageToCall(client, organization, page.next_cursor);
    yield* page.patients;
  }
}

/** Log a call; sent again after a broken connection, the same key logs nothing twice. */
export async function logCall(client: Client, organization: string, patient: Patient, notes: string) {
  const { data, error, response } = await client.POST("/api/v1/reengagement/{org_id}/log-outreach", {
    params: { path: { org_id: organization }, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { patient_id: patient.id, method: "phone", outcome: "success", notes },
  });
  if (error) throw new Error(`${response.status}: ${describe(error)}`);
  return data.outreach_id;
}

function describe(problem: Problem): string {
  const faults = problem.errors?.map((fault) => `${fault.in} ${fault.name}: ${fault.message}`) ?? [];
  return [problem.detail, ...faults].join("; ");
}
