#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Stands in for Waldur, which no distribution packages: the REST surface that Sluice uses, with pages, fields,
# permissions and faults, and a log of every request. Test only; it keeps everything in memory.
#
#   waldur_stand_in.py [--port N] [--log FILE] [--port-file FILE] [--state FILE.json] [--rabbit http://HOST:PORT]
#
# --rabbit: management API of a RabbitMQ (guest, guest) in which it makes users and queues as Waldur does.
# Tests steer it over /_test/: GET /_test/state, POST /_test/state (merged in), POST /_test/resource (by backend_id),
# POST /_test/fault {"status", "times", "path", "retry_after", "kind": "status|reset|cut|slow", "seconds"}, GET /_test/log,
# POST /_test/publish {"type", "body" or "bytes"}: into each queue for that type, POST /_test/messages {"queue"}: what is in it,
# POST /_test/forget {"type"}: the subscription for it.
import argparse
import base64
import json
import re
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

OFFERING = "2a3b4c5d6e7f40818283848586878889"
POLICY = "c0ffee00c0ffee00c0ffee00c0ffee00"
BASE = "/api"


def new_uuid(seed):
    return uuid.uuid5(uuid.NAMESPACE_DNS, seed).hex


def plain(text):
    return text.replace("-", "").lower()


class Rabbit:
    """Users, queues and messages of a RabbitMQ, over its management API."""

    LETTERS = "waldur.dlq.messages"

    def __init__(self, url):
        self.url = url

    def call(self, method, *parts, body=None):
        request = urllib.request.Request(self.url + "/api/" + "/".join(quote(p, safe="") for p in parts), method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None

    def user(self, name, password, vhost):
        self.call("PUT", "vhosts", vhost, body={})
        self.call("PUT", "permissions", vhost, "guest", body={"configure": ".*", "write": ".*", "read": ".*"})
        self.call("PUT", "users", name, body={"password": password, "tags": ""})
        # No right to configure: a client that declares queues of its own is refused.
        self.call("PUT", "permissions", vhost, name, body={"configure": "", "write": "", "read": ".*"})

    def queue(self, vhost, name):
        self.call("PUT", "queues", vhost, self.LETTERS, body={"durable": True})
        self.call("PUT", "queues", vhost, name, body={"durable": True, "arguments": {
            "x-message-ttl": 3600000, "x-max-length": 10000, "x-overflow": "reject-publish-dlx",
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.LETTERS}})

    def publish(self, vhost, queue, text):
        done = self.call("POST", "exchanges", vhost, "amq.default", "publish", body={
            "properties": {"delivery_mode": 2}, "routing_key": queue, "payload": text, "payload_encoding": "string"})
        return done["routed"]

    def messages(self, vhost, queue):
        found = self.call("POST", "queues", vhost, queue, "get", body={
            "count": 100, "ackmode": "ack_requeue_true", "encoding": "auto"})
        return [one["payload"] for one in found]


class Waldur:
    def __init__(self):
        self.rabbit = None
        self.vhost = new_uuid("user")
        self.subscriptions = {}  # uuid -> {"object_type", "queue"}
        self.given = 0           # subscriptions, ever
        self.unified = {}        # queue -> object types
        self.lock = threading.RLock()
        self.tokens = {"staff-token": "staff", "provider-token": "provider"}
        self.oidc = {"client": "sluice", "secret": "oidc-secret", "seconds": 300, "issued": 0, "revoked": 0}
        self.components = [{"uuid": new_uuid("node_hours"), "type": "node_hours", "name": "Node hours",
                            "billing_type": "limit", "measured_unit": "hours", "limit_period": "quarterly"}]
        self.resources = {}
        self.offerings = [OFFERING]
        self.queues = []     # of event subscriptions of others
        self.policies = {}   # of further offerings
        self.policy = {"uuid": POLICY, "actions": "request_slurm_resource_downscaling,request_slurm_resource_pausing",
                       "period": 3, "limit_type": "GrpTRESMins", "qos_strategy": "threshold",
                       "tres_billing_enabled": False, "tres_billing_weights": {}, "carryover_enabled": False,
                       "carryover_factor": 50, "grace_ratio": 0.2, "raw_usage_reset": False, "apply_to_all": True,
                       "organization_groups": [], "options": {}}
        self.emulated = []   # what Waldur's SLURM emulator was told
        self.groups = {}     # group uuid -> customer uuids
        self.owners = {new_uuid("customer"): [{"email": "owner@example.org", "role_name": "CUSTOMER.OWNER"},
                                              {"email": "member@example.org", "role_name": "CUSTOMER.SUPPORT"}]}
        self.usages = {}     # (resource, month, type) -> {"uuid", "usage", "users"}
        self.reports = []    # of report-command-result
        self.identities = {}  # name -> object
        self.services = {}   # uuid -> object
        self.closed_months = []
        self.faults = []
        self.log = []

    def add_resource(self, backend_id, **more):
        number = len(self.resources) + 1
        found = None
        if backend_id and not more.get("uuid"):
            found = next((r for r in self.resources.values() if r["backend_id"] == backend_id), None)
        if found is None:
            key = plain(more.get("uuid") or new_uuid("resource-%d-%s" % (number, backend_id)))
            found = self.resources.setdefault(key, {
                "uuid": key, "name": backend_id or "unnamed", "backend_id": backend_id, "state": "OK",
                "offering_uuid": OFFERING, "limits": {}, "paused": False, "downscaled": False, "backend_metadata": {},
                "customer_uuid": new_uuid("customer"), "customer_name": "University",
                "project_uuid": new_uuid("project"), "project_name": "Project", "end_date": None})
        found.update({k: v for k, v in more.items() if k != "uuid"})
        return found


class Problem(Exception):
    def __init__(self, status, body):
        super().__init__(str(status))
        self.status, self.body = status, body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    waldur = None
    log_file = None

    def log_message(self, *_):
        pass

    # -- the way of a request
    def run(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path.startswith("/_test/"):
            return self.steer(url.path[7:], raw)
        entry = {"method": self.command, "path": url.path, "query": query}
        try:
            entry["body"] = json.loads(raw) if raw else None
        except ValueError:
            entry["body"] = raw.decode("latin-1")
        with self.waldur.lock:
            fault = self.fault(url.path)
        try:
            if fault and fault["kind"] == "slow":
                time.sleep(fault.get("seconds", 1))
                fault = None
            if fault and fault["kind"] == "status":
                raise Problem(fault["status"], {"detail": "injected"})
            if fault and fault["kind"] == "reset":
                self.note(entry, 0)
                self.close_connection = True
                self.connection.shutdown(2)
                return None
            with self.waldur.lock:
                status, body, headers = self.route(url.path, query, entry)
            self.note(entry, status)
            self.answer(status, body, headers, cut=bool(fault and fault["kind"] == "cut"))
        except Problem as problem:
            self.note(entry, problem.status)
            more = {}
            if fault and fault.get("retry_after"):
                more["Retry-After"] = str(fault["retry_after"])
            self.answer(problem.status, problem.body, more)
        return None

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = run

    def fault(self, path):
        for fault in self.waldur.faults:
            if re.search(fault.get("path", ""), path):
                fault["times"] = fault.get("times", 1) - 1
                if fault["times"] <= 0:
                    self.waldur.faults.remove(fault)
                return fault
        return None

    def note(self, entry, status):
        entry["status"] = status
        with self.waldur.lock:
            self.waldur.log.append(entry)
            if self.log_file:
                self.log_file.write(json.dumps(entry) + "\n")
                self.log_file.flush()

    def answer(self, status, body, headers=None, cut=False):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    # -- steering by tests
    def steer(self, what, raw):
        body = json.loads(raw) if raw else {}
        with self.waldur.lock:
            if what == "log":
                return self.answer(200, self.waldur.log)
            if what == "fault":
                self.waldur.faults.append({"kind": "status", **body})
            elif what == "resource":
                self.waldur.add_resource(body.pop("backend_id", ""), **body)
            elif what == "publish":
                return self.answer(200, {"routed": self.publish(body["type"], body.get("body", "x" * body.get("bytes", 0)))})
            elif what == "forget":  # as when a token expired: the subscription, the broker's user and the queue are gone
                for key, one in list(self.waldur.subscriptions.items()):
                    if one["object_type"] == body["type"]:
                        del self.waldur.subscriptions[key]
                        self.waldur.rabbit.call("DELETE", "users", key)
                        self.waldur.rabbit.call("DELETE", "queues", self.waldur.vhost, one["queue"])
            elif what == "messages":
                return self.answer(200, self.waldur.rabbit.messages(self.waldur.vhost, body["queue"]))
            elif what == "resources":  # many at once
                for number in range(body["count"]):
                    self.waldur.add_resource("acct%d" % number, uuid=new_uuid("many-%d" % number),
                                             limits={"node_hours": 1000 + number})
            elif what == "state" and self.command == "POST":
                for key, value in body.items():
                    held = getattr(self.waldur, key)
                    if isinstance(held, dict) and isinstance(value, dict):
                        held.update(value)
                    else:
                        setattr(self.waldur, key, value)
            if self.command == "POST":
                return self.answer(200, {"done": True})
            state = {k: getattr(self.waldur, k) for k in
                     ("resources", "policy", "reports", "identities", "services", "subscriptions", "unified",
                      "emulated", "oidc")}
            state["usages"] = [{"resource": k[0], "month": k[1], "type": k[2], **v}
                               for k, v in sorted(self.waldur.usages.items())]
        return self.answer(200, state)

    def publish(self, kind, body):
        waldur = self.waldur
        text = body if isinstance(body, str) else json.dumps(body)
        queues = [one["queue"] for one in waldur.subscriptions.values() if one["object_type"] == kind and one["queue"]]
        routed = [waldur.rabbit.publish(waldur.vhost, queue, text) for queue in queues]
        if isinstance(body, dict):
            text = json.dumps({**body, "object_type": kind})
        routed += [waldur.rabbit.publish(waldur.vhost, queue, text) for queue in waldur.unified]
        return sum(routed)

    # -- Waldur's own
    def role(self):
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        role = self.waldur.tokens.get(token)
        if kind == "Bearer" and token.startswith("oidc-"):
            number, until = token[5:].split("-")
            if int(number) > self.waldur.oidc["revoked"] and float(until) > time.time():
                return "staff"
        if kind != "Token" or role is None:
            raise Problem(401, {"detail": "Invalid token."})
        return role

    def route(self, path, query, entry):
        if path == "/api/apply-periodic-settings":  # of the emulator, which asks for no login
            self.waldur.emulated.append(entry["body"])
            return 200, {"status": "success", "resource_id": entry["body"]["resource_id"]}, {}
        if path == "/oidc/token":
            return self.oidc_token(entry["body"])
        role = self.role()
        if path == BASE + "/users/me/":
            return 200, {"username": "sluice-agent", "is_staff": role == "staff"}, {}
        if not path.startswith(BASE + "/") or not path.endswith("/"):
            raise Problem(404, {"detail": "Not found."})
        parts = path[len(BASE) + 1: -1].split("/")
        handler = {
            "marketplace-provider-offerings": self.offerings, "marketplace-provider-resources": self.provider_resources,
            "marketplace-slurm-periodic-usage-policies": self.policies, "customers": self.customers,
            "marketplace-component-usages": self.component_usages,
            "marketplace-site-agent-identities": self.site_identities,
            "marketplace-site-agent-services": self.site_services,
            "event-subscriptions": self.event_subscriptions,
            "event-subscription-queues": self.subscription_queues,
        }.get(parts[0])
        if handler is None:
            raise Problem(404, {"detail": "Not found."})
        return handler(parts[1:], query, entry.get("body"), role)

    def oidc_token(self, form):
        got = parse_qs(form if isinstance(form, str) else "")
        oidc = self.waldur.oidc
        if got.get("client_id") != [oidc["client"]] or got.get("client_secret") != [oidc["secret"]]:
            raise Problem(401, {"error": "unauthorized_client"})
        oidc["issued"] += 1
        return 200, {"access_token": "oidc-%d-%f" % (oidc["issued"], time.time() + oidc["seconds"]),
                     "expires_in": oidc["seconds"]}, {}

    def pages(self, rows, query, path):
        size = min(300, int(query.get("page_size", ["10"])[0]))
        page = int(query.get("page", ["1"])[0])
        last = max(1, (len(rows) + size - 1) // size)
        if page > last:
            raise Problem(404, {"detail": "Invalid page."})
        fields = query.get("field")
        rows_of_page = rows[(page - 1) * size: page * size]
        if fields:
            rows_of_page = [{k: v for k, v in row.items() if k in fields} for row in rows_of_page]
        links = []
        for rel, number in (("first", 1), ("prev", page - 1), ("next", page + 1), ("last", last)):
            if 1 <= number <= last and number != page or rel in ("first", "last"):
                links.append('<http://inner.invalid/api/%s/?page=%d&page_size=%d>; rel="%s"' % (path, number, size, rel))
        return 200, rows_of_page, {"X-Result-Count": str(len(rows)), "Link": ", ".join(links)}

    def offerings(self, parts, query, body, role):
        if plain(parts[0]) not in self.waldur.offerings:
            raise Problem(404, {"detail": "Not found."})
        return 200, {"uuid": plain(parts[0]), "components": self.waldur.components}, {}

    def provider_resources(self, parts, query, body, role):
        if not parts:
            states = query.get("state", [])
            offering = plain(query.get("offering_uuid", [OFFERING])[0])
            rows = [r for r in self.waldur.resources.values()
                    if r["offering_uuid"] == offering and (not states or r["state"] in states)]
            return self.pages(rows, query, "marketplace-provider-resources")
        resource = self.waldur.resources.get(plain(parts[0]))
        if resource is None:
            raise Problem(404, {"detail": "Not found."})
        if len(parts) == 1:
            fields = query.get("field")
            return 200, {k: v for k, v in resource.items() if not fields or k in fields}, {}
        if parts[1] in ("set_paused", "set_downscaled"):
            key = parts[1][4:]
            if not isinstance(body.get(key), bool):
                raise Problem(400, {key: ["Must be a valid boolean."]})
            resource[key] = body[key]
        elif parts[1] == "set_backend_metadata":
            resource["backend_metadata"] = body["backend_metadata"]
        else:
            raise Problem(404, {"detail": "Not found."})
        return 200, {"status": "done"}, {}

    def policies(self, parts, query, body, role):
        known = {OFFERING: self.waldur.policy, **self.waldur.policies}
        if not parts:
            policy = known.get(plain(query.get("scope_uuid", [OFFERING])[0]))
            return self.pages([policy] if policy else [], query, "marketplace-slurm-periodic-usage-policies")
        if not any(p and plain(parts[0]) == p["uuid"] for p in known.values()):
            raise Problem(404, {"detail": "Not found."})
        if parts[1:] != ["report-command-result"]:
            raise Problem(404, {"detail": "Not found."})
        if role != "staff":
            raise Problem(403, {"detail": "You do not have permission to perform this action."})
        if plain(str(body.get("resource_uuid"))) not in self.waldur.resources:
            raise Problem(400, {"resource_uuid": ["Resource is not found."]})
        if not isinstance(body.get("success"), bool) or body.get("mode") not in ("production", "emulator"):
            raise Problem(400, {"success": ["This field is required."]})
        self.waldur.reports.append(body)
        return 200, {"detail": "Command result recorded."}, {}

    def customers(self, parts, query, body, role):
        if len(parts) == 2 and parts[1] == "users":
            if role not in ("staff", "owner"):
                raise Problem(403, {"detail": "You do not have permission to perform this action."})
            return self.pages(self.waldur.owners.get(plain(parts[0]), []), query, "customers")
        group = plain(query.get("organization_group_uuid", [""])[0])
        rows = [{"uuid": c} for c in self.waldur.groups.get(group, [])]
        return self.pages(rows, query, "customers")

    def component_usages(self, parts, query, body, role):
        if parts == ["set_usage"]:
            return self.set_usage(body)
        if len(parts) == 2 and parts[1] == "set_user_usages":
            found = next((u for u in self.waldur.usages.values() if u["uuid"] == plain(parts[0])), None)
            if found is None:
                raise Problem(404, {"detail": "Not found."})
            for item in body["usages"]:
                self.amount(item["usage"], "usage")
                found["users"][item["username"]] = item["usage"]
            return 201, None, {}
        resource, month = plain(query["resource_uuid"][0]), query["billing_period"][0]
        rows = [{"uuid": u["uuid"], "type": k[2], "usage": u["usage"]} for k, u in self.waldur.usages.items()
                if k[0] == resource and k[1] == month]
        return self.pages(rows, query, "marketplace-component-usages")

    @staticmethod
    def amount(text, key):
        if not isinstance(text, str) or not re.fullmatch(r"\d{1,16}(\.\d{1,2})?", text):
            raise Problem(400, {key: ["A valid number with at most 2 decimal places is required."]})

    def set_usage(self, body):
        resource = plain(str(body.get("resource")))
        if resource not in self.waldur.resources:
            raise Problem(400, {"resource": ["Object does not exist."]})
        month = body["date"][:7] + "-01"
        if month in self.waldur.closed_months:
            raise Problem(400, {"non_field_errors": ["backfilling past billing periods is not allowed"]})
        known = [c["type"] for c in self.waldur.components]
        for item in body["usages"]:
            self.amount(item["amount"], "amount")
            if item["type"] not in known:
                raise Problem(400, {"type": ["Component %s is not found." % item["type"]]})
            usage = self.waldur.usages.setdefault((resource, month, item["type"]), {
                "uuid": new_uuid("usage-%s-%s-%s" % (resource, month, item["type"])), "users": {}})
            usage["usage"], usage["description"] = item["amount"], item.get("description", "")
        return 201, None, {}

    def site_identities(self, parts, query, body, role):
        held = self.waldur.identities
        if not parts and self.command == "GET":
            rows = [i for i in held.values() if i["name"] in query.get("name", [i["name"]])]
            return self.pages(rows, query, "marketplace-site-agent-identities")
        if not parts:
            held[body["name"]] = {**body, "uuid": new_uuid("identity-" + body["name"])}
            return 201, held[body["name"]], {}
        found = next((i for i in held.values() if i["uuid"] == plain(parts[0])), None)
        if found is None:
            raise Problem(404, {"detail": "Not found."})
        if len(parts) == 1:
            found.update(body)
            return 200, found, {}
        if parts[1] == "register_event_subscription":
            return self.register_subscription(body["observable_object_type"])
        if parts[1] == "register_queue":
            return self.register_queue(body["object_types"])
        if parts[1] != "register_service":
            raise Problem(404, {"detail": "Not found."})
        key = new_uuid("service-" + body["name"])
        self.waldur.services.setdefault(key, {"uuid": key, "processors": [], **body})
        return 200, self.waldur.services[key], {}

    def token(self):
        return self.headers.get("Authorization", "").partition(" ")[2]

    def register_subscription(self, kind):
        waldur = self.waldur
        waldur.given += 1
        key = new_uuid("subscription-%d" % waldur.given)
        waldur.subscriptions[key] = {"object_type": kind, "queue": ""}
        if waldur.rabbit:
            waldur.rabbit.user(key, self.token(), waldur.vhost)
        return 201, {"uuid": key, "user_uuid": waldur.vhost, "observable_objects": [{"object_type": kind}]}, {}

    def register_queue(self, kinds):
        waldur = self.waldur
        name = "consumer_" + new_uuid("queue")
        waldur.unified[name] = kinds
        if waldur.rabbit:
            waldur.rabbit.user("agent", self.token(), waldur.vhost)
            waldur.rabbit.queue(waldur.vhost, name)
        return 200, {"rmq_username": "agent", "queue_name": name, "vhost": waldur.vhost,
                     "observable_object_types": kinds}, {}

    def event_subscriptions(self, parts, query, body, role):
        waldur = self.waldur
        key = plain(parts[0])
        if key not in waldur.subscriptions:
            raise Problem(404, {"detail": "Not found."})
        if self.command == "DELETE":
            del waldur.subscriptions[key]
            return 204, None, {}
        if parts[1:] != ["create_queue"] or plain(body["offering_uuid"]) != OFFERING:
            raise Problem(404, {"detail": "Not found."})
        name = "subscription_%s_offering_%s_%s" % (key, OFFERING, body["object_type"])
        waldur.subscriptions[key]["queue"] = name
        if waldur.rabbit:
            waldur.rabbit.user(key, self.token(), waldur.vhost)
            waldur.rabbit.queue(waldur.vhost, name)
        return 201, {"uuid": new_uuid(name), "queue_name": name, "vhost": waldur.vhost}, {}

    def subscription_queues(self, parts, query, body, role):
        if role != "staff":
            raise Problem(403, {"detail": "You do not have permission to perform this action."})
        kind = query.get("object_type", [""])[0]
        rows = [{"queue_name": s["queue"], "object_type": s["object_type"]} for s in self.waldur.subscriptions.values()
                if s["queue"] and s["object_type"] == kind]
        return self.pages(rows + self.waldur.queues, query, "event-subscription-queues")

    def site_services(self, parts, query, body, role):
        found = self.waldur.services.get(plain(parts[0]))
        if found is None:
            raise Problem(404, {"detail": "Not found."})
        if parts[1] == "register_processor":
            found["processors"] = [body]
        else:
            found["statistics"] = body["statistics"]
        return 200, found, {}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--port-file")
    parser.add_argument("--state")
    parser.add_argument("--rabbit")
    options = parser.parse_args()
    Handler.waldur = Waldur()
    if options.rabbit:
        Handler.waldur.rabbit = Rabbit(options.rabbit)
    if options.state:
        with open(options.state, encoding="utf-8") as file:
            for key, value in json.load(file).items():
                if key == "accounts":
                    for backend_id, more in value.items():
                        Handler.waldur.add_resource(backend_id, **more)
                else:
                    setattr(Handler.waldur, key, value)
    if options.log:
        Handler.log_file = open(options.log, "a", encoding="utf-8")  # pylint: disable=consider-using-with
    server = Server(("127.0.0.1", options.port), Handler)
    if options.port_file:
        with open(options.port_file, "w", encoding="utf-8") as file:
            file.write("%d\n" % server.server_address[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
