// Validates Kubernetes objects, a JSON array in the first argument, by the schemas of Kubernetes and of the Prometheus
// operator. Prints the kind of each.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const packages = path.resolve(import.meta.dirname, "../../target/peers/node_modules");
const load = (name) => import(pathToFileURL(path.join(packages, name, "index.js")));
const kinds = {
  "monitoring.coreos.com/v1": await load("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1"),
  "apps/v1": await load("kubernetes-models/apps/v1"),
  v1: await load("kubernetes-models/v1"),
};

// The API server drops fields that no schema has, and the validators never read them. Each is an error here.
function watched(value, at, unread) {
  if (value === null || typeof value !== "object") return value;
  const fields = Object.fromEntries(Object.keys(value).map((key) => [key, watched(value[key], `${at}.${key}`, unread)]));
  Object.keys(value).forEach((key) => unread.add(`${at}.${key}`));
  return new Proxy(Array.isArray(value) ? Object.values(fields) : fields, {
    get(target, key) {
      unread.delete(`${at}.${String(key)}`);
      return target[key];
    },
  });
}

for (const object of JSON.parse(process.argv[2])) {
  const unread = new Set();
  kinds[object.apiVersion][object.kind].prototype.validate.call(watched(object, object.kind, unread));
  if (unread.size > 0) throw new Error(`unknown fields: ${[...unread].join(", ")}`);
  console.log(object.kind);
}
