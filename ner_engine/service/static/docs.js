// The documentation of the API: openapi.json, drawn, with a place to try each call.

import { Refused, request } from "./api.js";
import { startKeyForm } from "./key.js";
import { element } from "./labels.js";

const $ = (id) => document.getElementById(id);
const METHODS = ["get", "post", "put", "patch", "delete"];

function resolved(schema, spec) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.split("/").slice(1).reduce((at, step) => at?.[step], spec) ?? {};
}

/** "text[] | null" of a schema. */
function typeOf(schema, spec) {
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map((one) => typeOf(one, spec)).join(" | ");
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items ?? {}, spec)}[]`;
  return schema.format ? `${schema.type} (${schema.format})` : schema.type ?? "any";
}

function exampleOf(schema, spec) {
  const whole = resolved(schema, spec);
  return whole.examples?.[0] ?? whole.example;
}

const json = (value) => JSON.stringify(value, null, 2);
const block = (text, label) => element("pre", { text, tabindex: "0", "aria-label": label });

function table(rows) {
  const made = element("table");
  const head = element("tr");
  for (const name of ["이름", "형식", "설명"]) head.append(element("th", { text: name, scope: "col" }));
  made.append(element("thead"), element("tbody"));
  made.tHead.append(head);
  for (const [name, required, type, about] of rows) {
    const row = element("tr");
    const first = element("th", { scope: "row" });
    first.append(element("code", { text: name }));
    if (required) first.append(element("span", { text: " 필수", className: "hint" }));
    row.append(first, element("td", { text: type, className: "type" }), element("td", { text: about ?? "" }));
    made.tBodies[0].append(row);
  }
  const frame = element("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": "항목" });
  frame.append(made);
  return frame;
}

function fields(schema, spec) {
  const whole = resolved(schema, spec);
  const required = new Set(whole.required ?? []);
  return Object.entries(whole.properties ?? {}).map(([name, one]) => [
    name, required.has(name), typeOf(one, spec), one.description,
  ]);
}

/** What an answer is made of, and an example. */
function answered(said, response, spec) {
  const schema = Object.values(response.content ?? {}).find((one) => one.schema)?.schema;
  const parts = [];
  if (schema && fields(schema, spec).length) parts.push(table(fields(schema, spec)));
  const example = schema && exampleOf(schema, spec);
  if (example !== undefined) parts.push(block(json(example), `${said} 예`));
  if (!parts.length) return [element("p", { text: said, className: "hint" })];
  const shown = element("details");
  shown.append(element("summary", { text: said }), ...parts);
  return [shown];
}

/** A place to send the call from. */
function attempt(method, path, body) {
  const place = element("div", { className: "attempt" });
  const button = element("button", { text: "보내 보기", type: "button", "aria-label": `${method} ${path} 보내 보기` });
  const status = element("p", { className: "status", role: "status" });
  const out = block("", "응답");
  out.hidden = true;
  let input = null;
  if (body !== undefined) {
    input = element("textarea", { text: json(body), rows: "8", spellcheck: "false", "aria-label": "요청 본문" });
    place.append(input);
  }
  button.addEventListener("click", async () => {
    status.textContent = "보내고 있어요…";
    try {
      out.textContent = json(await request(path, input ? { body: JSON.parse(input.value) } : {}));
      out.hidden = false;
      status.textContent = "응답이 왔어요.";
    } catch (error) {
      status.textContent = error instanceof Refused ? error.message : `본문이 JSON이 아니에요. (${error.message})`;
    }
  });
  place.append(button, status, out);
  return place;
}

function operation(method, path, about, spec) {
  const id = `${method}${path}`.replaceAll(/[^a-z0-9]+/gi, "-");
  const part = element("section", { className: "operation", id, "aria-labelledby": `${id}-title` });
  const title = element("h2", { id: `${id}-title` });
  title.append(element("span", { text: method.toUpperCase(), className: `method ${method}` }), " ", element("code", { text: path }));
  part.append(title, element("p", { text: about.summary ?? "", className: "summary" }));
  if (about.description) part.append(element("p", { text: about.description.replaceAll(/\s+/g, " ") }));

  if (about.parameters?.length) {
    part.append(element("h3", { text: "매개변수" }));
    part.append(table(about.parameters.map((one) => [one.name, one.required, typeOf(one.schema ?? {}, spec), one.description])));
  }
  const schema = about.requestBody?.content?.["application/json"]?.schema;
  if (schema) part.append(element("h3", { text: "요청 본문" }), table(fields(schema, spec)));

  part.append(element("h3", { text: "응답" }));
  const refusals = element("ul");
  for (const [status, response] of Object.entries(about.responses ?? {})) {
    const said = `${status} ${response.description ?? ""}`;
    if (Number(status) >= 400) refusals.append(element("li", { text: said }));
    else part.append(...answered(said, response, spec));
  }
  if (refusals.childElementCount) {
    const shown = element("details");
    shown.append(element("summary", { text: "거절하는 경우" }), refusals);
    part.append(shown);
  }

  const answersJson = about.responses?.["200"]?.content?.["application/json"] || about.responses?.["201"]?.content?.["application/json"];
  if (answersJson && !path.includes("{")) {
    part.append(element("h3", { text: "써 보기" }), attempt(method.toUpperCase(), path, schema ? exampleOf(schema, spec) ?? {} : undefined));
  }
  return part;
}

async function start() {
  startKeyForm();
  try {
    const spec = await request("/openapi.json");
    const list = element("ul");
    for (const [path, methods] of Object.entries(spec.paths)) {
      for (const method of METHODS.filter((name) => methods[name])) {
        const part = operation(method, path, methods[method], spec);
        $("operations").append(part);
        const item = element("li");
        const link = element("a", { href: `#${part.id}` });
        link.append(element("code", { text: `${method.toUpperCase()} ${path}` }));
        item.append(link, ` ${methods[method].summary ?? ""}`);
        list.append(item);
      }
    }
    $("contents").append(list);
    $("docs-status").textContent = `${spec.info.title} ${spec.info.version}`;
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    $("docs-status").textContent = error instanceof Refused ? error.message : "문서를 불러오지 못했어요.";
  }
}

start();
