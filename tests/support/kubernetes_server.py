"""Kubernetes' API server for EndpointSlices, as the public documentation describes it (API concepts: lists in pages, watches,
bookmarks, 410; discovery.k8s.io/v1), with what goes wrong with one. Written from that alone, by somebody who has not read the client
nor `kubernetes_stub`.

A test changes slices by `put` and `delete`, and breaks it by `broken`, `compact`, `end_watches`, `tell_error`."""
import copy
import json
import random
import threading
import time
import urllib.parse

from threaded_server import Restarted

LABEL = "kubernetes.io/service-name"
PATH = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"


def pod(server, ready=True, serving=None, terminating=None, conditions=...):
    """An endpoint; a condition that is None is left out, as unknown ones are."""
    if conditions is ...:
        conditions = {k: v for k, v in (("ready", ready), ("serving", serving), ("terminating", terminating)) if v is not None}
    return {"addresses": [server.host], "conditions": conditions, "targetRef": {"kind": "Pod", "namespace": "shop", "name": f"pod-{server.host}"},
            "nodeName": "node-1", "zone": "us-west2-a"}


def ports(server, name="http"):
    return [{"name": "metrics", "protocol": "TCP", "port": 1}, {"name": name, "protocol": "TCP", "port": server.port}]


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}


EXPIRED = status(410, "Expired", "too old resource version: 1 (99)")


class KubernetesServer(Restarted):
    def __init__(self, page=None):
        """`page`: a list is never longer, whatever limit was asked for."""
        super().__init__()
        self.page = page
        self.changed = threading.Condition()
        self.slices, self.version = {}, 10245
        self.history, self.oldest = [], 0  # (version, type, slice before or after); what is older than `oldest` is forgotten
        self.told, self.ended, self.bookmarks = {}, 0, 0
        self.tokens, self.forbidden = {"first"}, False
        self.list_fault = self.watch_fault = self.page_fault = None
        self.tear, self.asked = False, []
        self.snapshots = {}
        self.start()

    # What a test does

    def put(self, name, pods, of, service="green", kind="IPv4"):
        """`pods` None: the slice that stands for a service without pods."""
        with self.changed:
            self.version += random.randint(1, 5)  # other kinds share the counter
            metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(self.version), "generation": 1,
                        "labels": {LABEL: service, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}}
            what = {"metadata": metadata, "addressType": kind, "endpoints": pods, "ports": None if of is None else ports(of)}
            before = self.slices.get(name)
            self.slices[name] = what
            self._note(before, what)

    def delete(self, name):
        with self.changed:
            self.version += 1
            gone = copy.deepcopy(self.slices.pop(name))
            gone["metadata"]["resourceVersion"] = str(self.version)
            self._note(gone, None)

    def _note(self, before, after):
        self.history.append((self.version, before, after))
        self.changed.notify_all()

    def compact(self):
        """What was until now is not known as changes any more."""
        with self.changed:
            self.version += 1
            self.oldest = self.version

    def restore(self, version):
        """etcd came back from a snapshot: counted from less again, with the slices as they are."""
        with self.changed:
            self.version, self.history, self.oldest = version, [], 0
            self.ended += 1
            self.changed.notify_all()

    def end_watches(self):
        """As at the end of their time: cleanly."""
        with self.changed:
            self.ended += 1
            self.changed.notify_all()

    def tell_error(self, what):
        """An ERROR event in every watch, which ends it."""
        with self.changed:
            self.told = what
            self.ended += 1
            self.changed.notify_all()

    def bookmark(self):
        with self.changed:
            self.version += 3
            self.bookmarks += 1
            self.changed.notify_all()

    def broken(self, fault=None, listing=None, watching=None, paging=None):
        """Each None, "silent", "half", "cut", "no json", or a Status; `watching` also "hushed": a watch that begins, and is then
        silent. `paging`: of what goes on a list."""
        with self.changed:
            self.list_fault, self.watch_fault, self.page_fault = listing or fault, watching or fault, paging or listing or fault
            self.ended += 1
            self.changed.notify_all()

    def calls(self, word):
        return [path for _, path, _ in self.asked if word in path]

    # The server

    def stop(self):
        super().stop()
        self.end_watches()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.broken()
        self.stop()

    def _head(self, call, code, **headers):
        call.send_response(code)
        for name, value in {"Audit-Id": "8a7f0b2c-1d3e-4f50-9a6b-7c8d9e0f1a2b", "Cache-Control": "no-cache, private", "Content-Type": "application/json",
                            "X-Kubernetes-Pf-Flowschema-Uid": "f1", "X-Kubernetes-Pf-Prioritylevel-Uid": "p1", **headers}.items():
            call.send_header(name.replace("_", "-"), value)
        call.end_headers()

    def _say(self, call, code, what, **headers):
        body = what if isinstance(what, bytes) else json.dumps(what).encode() + b"\n"
        self._head(call, code, Content_Length=str(len(body)), **headers)
        call.wfile.write(body)

    def serve(self, call):
        target = urllib.parse.urlsplit(call.path)
        query = {k: v[-1] for k, v in urllib.parse.parse_qs(target.query, keep_blank_values=True).items()}
        self.asked.append((time.monotonic(), call.path, call.headers.get("Authorization", "")))
        watching = query.get("watch") in ("1", "true")
        def told():
            return self.watch_fault if watching else self.page_fault if "continue" in query else self.list_fault
        fault = told()
        if fault == "silent":
            with self.changed:
                self.changed.wait_for(lambda: told() != "silent")
            raise OSError("nothing was said")
        if fault == "cut":
            raise OSError("cut off")
        if call.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._say(call, 401, status(401, "Unauthorized", "Unauthorized"))
        if self.forbidden:
            verb = "watch" if watching else "list"
            return self._say(call, 403, status(403, "Forbidden", f'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:shop:proxy" '
                                               f'cannot {verb} resource "endpointslices" in API group "discovery.k8s.io" in the namespace "shop"'))
        if target.path != PATH:
            return self._say(call, 404, b"404 page not found\n", Content_Type="text/plain; charset=utf-8")
        if fault == "no json":
            return self._say(call, 200, b"<html>Welcome to the portal</html>")
        if isinstance(fault, dict):
            return self._say(call, fault["code"], fault, **({"Retry_After": "1"} if fault["code"] in (429, 504) else {}))
        if watching:
            return self._watch(call, query, fault)
        return self._list(call, query, fault)

    def _selects(self, query, what):
        wanted = query.get("labelSelector", "").replace("==", "=")
        return what is not None and (not wanted or wanted == f"{LABEL}={what['metadata']['labels'][LABEL]}")

    def _list(self, call, query, fault):
        with self.changed:
            start, version = 0, self.version
            if "continue" in query:
                version, start = (int(part) for part in query["continue"].split("-"))
                if version < self.oldest:
                    return self._say(call, 410, status(410, "Expired", "The provided continue parameter is too old to display a consistent list result."))
            elif query.get("limit"):
                self.snapshots[version] = copy.deepcopy(self.slices)
            held = self.snapshots.get(version, self.slices) if "continue" in query else self.slices
            items = [copy.deepcopy(s) for _, s in sorted(held.items()) if self._selects(query, s)]
        limit = min(int(query.get("limit", 0)) or 10**6, self.page or 10**6) if query.get("limit") else 10**6
        more = {"continue": f"{version}-{start + limit}"} if start + limit < len(items) else {}
        body = json.dumps({"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "metadata": {"resourceVersion": str(version), **more},
                           "items": items[start:start + limit]}).encode() + b"\n"
        if fault == "half":
            self._head(call, 200, Content_Length=str(len(body)))
            call.wfile.write(body[:len(body) // 2])
            call.close_connection = True
        else:
            self._say(call, 200, body)

    def _watch(self, call, query, fault):
        since = int(query.get("resourceVersion") or 0)
        with self.changed:
            ended, marks, version = self.ended, self.bookmarks, self.version
            if since > version:
                return self._say(call, 504, status(504, "Timeout", f"Too large resource version: {since}, current: {version}"), Retry_After="1")
            first = [self._event("ADDED", s) for s in self.slices.values() if self._selects(query, s)] if since == 0 else []
        seen = since or version
        end = time.monotonic() + float(query.get("timeoutSeconds", 1800))
        self._head(call, 200, Transfer_Encoding="chunked")
        call.wfile.flush()
        if fault == "hushed":
            with self.changed:
                self.changed.wait_for(lambda: self.watch_fault != "hushed")
            raise OSError("nothing more was said")
        if since and since < self.oldest:
            self._send(call, {"type": "ERROR", "object": status(410, "Expired", f"too old resource version: {since} ({self.oldest})")})
            return call.wfile.write(b"0\r\n\r\n")
        for event in first:
            self._send(call, event)
        while True:
            with self.changed:
                fresh = [h for h in self.history if h[0] > seen]
                if not fresh and self.ended == ended and self.bookmarks == marks and time.monotonic() < end:
                    self.changed.wait(end - time.monotonic())
                    continue
                over, told = self.ended != ended or time.monotonic() >= end, self.told
                marked, marks, now = self.bookmarks != marks, self.bookmarks, self.version
            for version, before, after in fresh:
                seen = version
                was, now_is = self._selects(query, before), self._selects(query, after)
                if was or now_is:
                    event = self._event("MODIFIED" if was and now_is else "ADDED" if now_is else "DELETED", after if now_is else before)
                    self._send(call, event, half=fault == "half")
                    if fault == "half":
                        raise OSError("cut off in the middle of an event")
            if marked and query.get("allowWatchBookmarks") in ("1", "true"):
                seen = max(seen, now)
                self._send(call, {"type": "BOOKMARK", "object": {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "", "endpoints": None,
                                                                 "ports": None, "metadata": {"resourceVersion": str(now), "creationTimestamp": None}}})
            if over:
                if told:
                    self._send(call, {"type": "ERROR", "object": told})
                    self.told = {}
                return call.wfile.write(b"0\r\n\r\n")

    def _event(self, kind, what):
        return {"type": kind, "object": {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", **copy.deepcopy(what)}}

    def _send(self, call, event, half=False):
        line = json.dumps(event).encode() + b"\n"
        if half:
            line = line[:len(line) // 2]
        # An event is usually a chunk of its own, but nothing says so.
        cuts = sorted(random.sample(range(1, len(line)), 3)) if self.tear else []
        for begin, end in zip([0, *cuts], [*cuts, len(line)]):
            call.wfile.write(b"%x\r\n%s\r\n" % (end - begin, line[begin:end]))
            call.wfile.flush()
