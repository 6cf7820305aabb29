// What the operator writes, as plain data: the whole configuration of one generation.
//
// A leaf: knows nothing of JSON, sockets or the rest of the program. No logic but equality.
// Invariants (kept by parse + validate, relied on by everybody else): every name that is referred to exists;
//   names and addresses are unique in their scope; weights, times and sizes are inside their limits.
// Threads: plain values. Units: std::chrono::milliseconds for time, bytes for sizes; 0 means "off" or "no limit"
//   wherever a member says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/address.h"

namespace switchyard::config {

using Duration = std::chrono::milliseconds;
using namespace std::chrono_literals;

// A value that is never shown: written here, or only the name of where it stands. A name is all that is stored of it
// and shown; it is followed whenever a generation is compiled.
struct Secret {
    enum class From : std::uint8_t { here, env, file };
    From from = From::here;
    std::string text;  // the value; or the name of the variable, or the path of the file
    Secret() = default;
    Secret(std::string value) : text(std::move(value)) {}
    Secret(const char* value) : text(value) {}
    Secret(From where, std::string name) : from(where), text(std::move(name)) {}
    bool empty() const { return text.empty(); }
    bool operator==(const Secret&) const = default;
};

// ---------------------------------------------------------------- process: fixed for the life of the process

enum class Role : std::uint8_t { viewer, operate, admin };  // written viewer | operator | admin

struct Token {
    std::string name;
    Role role = Role::viewer;
    std::string sha256;  // hex of SHA-256 of the token; the token itself is never stored
    bool operator==(const Token&) const = default;
};

struct Admin {
    Address bind{Address::Kind::ipv4, "127.0.0.1", 9900};
    std::vector<Token> tokens;    // empty: one random admin token in <state_dir>/admin.token
    std::string tls_certificate;  // PEM files; both or none
    std::string tls_key;
    std::vector<std::string> rollout_urls;  // beyond loopback and the endpoints: what plans of rollouts may ask
    bool operator==(const Admin&) const = default;
};

struct Log {
    std::string level = "info";   // debug | info | warn | error
    std::string format = "json";  // json | text
    std::string access;           // access log: a file path, "-" for standard output, empty for none
    bool operator==(const Log&) const = default;
};

struct Resolver {                      // how names of endpoints are looked up
    std::vector<std::string> servers;  // addresses with or without a port; empty: those of /etc/resolv.conf
    Duration timeout = 2s;             // of one question to one server
    std::uint32_t attempts = 2;        // of each server
    bool operator==(const Resolver&) const = default;
};

// ---- where registries are reached; what is discovered there stands at each upstream

struct ConsulServer {
    std::string url = "http://127.0.0.1:8500";  // an agent's
    Secret token;
    std::string ca_file;  // for https; empty: the machine's own
    bool operator==(const ConsulServer&) const = default;
};

struct EtcdServers {
    std::vector<std::string> urls{"http://127.0.0.1:2379"};  // tried in turn
    std::string user;                                        // empty: no authentication
    Secret password;
    std::string ca_file;
    bool operator==(const EtcdServers&) const = default;
};

struct KubernetesApi {
    std::string url;  // empty: the cluster's that this runs in
    std::string token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    std::string ca_file = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
    bool operator==(const KubernetesApi&) const = default;
};

struct Sources {
    ConsulServer consul;
    EtcdServers etcd;
    KubernetesApi kubernetes;
    bool operator==(const Sources&) const = default;
};

struct Process {
    unsigned workers = 0;  // 0: one per core
    std::string state_dir = "/var/lib/switchyard";
    Admin admin;
    Log log;
    Resolver resolver;
    Sources sources;
    Duration shutdown_grace = 30s;       // how long SIGTERM waits for what is in flight
    std::uint32_t keep_generations = 0;  // history retention; 0: keep all
    std::uint32_t keep_rollouts = 100;   // ended ones with their reports; 0: keep all
    bool watch_file = false;             // re-read the configuration file when it changes (inotify)
    bool operator==(const Process&) const = default;
};

// ---------------------------------------------------------------- certificates

struct Certificate {    // PEM files, read when a generation is made
    std::string chain;  // the certificate, then those that signed it
    std::string key;
    bool operator==(const Certificate&) const = default;
};

// ---------------------------------------------------------------- listeners

struct ClientCertificates {     // whom a listener asks for a certificate
    std::string mode = "none";  // none | optional | required
    std::string ca;             // PEM file of the authorities
    std::string crl;            // PEM file of what they have revoked; empty: nothing
    std::uint32_t depth = 1;    // certificates between the client's and the authority's
    bool forward = false;       // endpoints get it as Client-Cert
    bool operator==(const ClientCertificates&) const = default;
};

struct HostTls {
    ClientCertificates client;
    bool operator==(const HostTls&) const = default;
};

struct ListenerTls {
    std::vector<std::string> certificates;  // by name; each answers to the names that stand in it
    std::string by_default;                 // written "default"; empty: the first
    bool strict_sni = false;
    std::string min_version = "1.2";  // 1.2 | 1.3
    std::string ciphers;              // of TLS 1.2, as OpenSSL names them; empty: the usual ones
    Duration handshake_timeout = 10s;
    ClientCertificates client;
    std::map<std::string, HostTls> hosts;  // names or *.suffix, where it is another one
    bool operator==(const ListenerTls&) const = default;
};

inline constexpr std::string_view kUnixPeers = "unix";  // in trusted_proxies: whoever comes by a unix socket

struct Listener {
    std::string name;
    Address bind;
    std::uint32_t max_connections = 0;         // per listener over all workers; 0: no limit
    bool proxy_protocol = false;               // expect PROXY v1 or v2 before the first request
    std::vector<std::string> trusted_proxies;  // CIDRs, or kUnixPeers, who are believed about requests
    std::string client_header;                 // where they name the client; empty: X-Forwarded-For, else Forwarded
    Duration head_timeout = 10s;               // first byte of a request to the end of its head
    Duration idle_timeout = 60s;               // between requests
    std::uint64_t min_rate = 0;                // bytes per second below which a body or a reader is cut; 0: off
    bool forwarded = false;                    // also write RFC 7239 Forwarded
    std::optional<ListenerTls> tls;            // none: in clear
    bool redirect_https = false;               // every request is sent to https:// with the same host and target
    bool operator==(const Listener&) const = default;
};

// ---------------------------------------------------------------- keys and conditions over a request

// Something a request carries: header:X-User, cookie:uid, query:user, claim:sub, client (address), method, path, host.
struct Key {
    enum class Source : std::uint8_t { header, cookie, query, claim, client, method, path, host };
    Source source = Source::client;
    std::string name;  // empty for client, method, path, host
    bool operator==(const Key&) const = default;
};

// A tree: all / any / not over tests of one key.
struct Condition {
    enum class Kind : std::uint8_t { test, all, any, negate };
    enum class Test : std::uint8_t { present, equals, in, prefix, matches };  // client: in = CIDRs
    Kind kind = Kind::test;
    std::vector<Condition> children;  // for all, any; exactly one for negate
    Key key;
    Test test = Test::present;
    std::vector<std::string> values;  // one but for `in`; none for present
    bool operator==(const Condition&) const = default;
};

// ---------------------------------------------------------------- upstreams

enum class EndpointState : std::uint8_t { up, drain, maint };  // what the operator wants; health is another matter

struct Endpoint {
    Address address;
    std::uint32_t weight = 1;           // 0: gets nothing but stays configured
    std::uint32_t max_connections = 0;  // requests in flight to it, over all workers; 0: no limit
    bool backup = false;                // used only when no other endpoint is routable
    EndpointState state = EndpointState::up;
    bool operator==(const Endpoint&) const = default;
};

struct Balance {
    enum class Kind : std::uint8_t { random_two, weighted_round_robin, least_connections, ip_hash, peak_ewma, hash };
    Kind kind = Kind::random_two;
    Key hash_key;  // for hash: consistent (Maglev) with bounded load
    bool operator==(const Balance&) const = default;
};

struct Health {
    enum class Type : std::uint8_t { none, http, tcp };  // none: endpoints count as up at once
    Type type = Type::tcp;
    std::string path = "/";
    std::string host;  // Host header; empty: the endpoint's address
    std::vector<std::uint16_t> expect{200, 204};
    Duration interval = 1s;
    Duration timeout = 500ms;
    std::uint32_t rise = 2;
    std::uint32_t fall = 3;
    bool operator==(const Health&) const = default;
};

struct Ejection {
    std::uint32_t consecutive_failures = 5;  // 0: off
    std::uint32_t failure_percent = 0;       // 0: off; over `window`, from `min_requests` on
    std::uint32_t min_requests = 20;
    Duration window = 10s;
    Duration base_time = 30s;  // times the number of ejections so far
    Duration max_time = 5min;
    std::uint32_t max_ejected_percent = 50;  // at least one endpoint may always be ejected when there are two or more
    std::uint32_t panic_percent = 0;         // fewer routable than this: ignore ejections; 0: off
    bool operator==(const Ejection&) const = default;
};

struct UpstreamTimeouts {
    Duration connect = 1s;
    Duration response_head = 30s;
    Duration idle = 60s;  // no byte in either direction while a body or a tunnel is open
    Duration queue = 1s;  // waiting for a free place when every endpoint is at max_connections
    bool operator==(const UpstreamTimeouts&) const = default;
};

struct Keepalive {
    std::uint32_t max_idle = 256;  // idle connections kept per endpoint and worker; 0: none
    Duration idle_timeout = 60s;
    bool operator==(const Keepalive&) const = default;
};

struct Breaker {
    std::uint32_t failure_percent = 0;  // 0: off
    std::uint32_t min_requests = 20;
    Duration window = 10s;
    Duration open_time = 10s;
    std::string fallback;  // upstream that serves meanwhile; empty: static_status
    std::uint16_t static_status = 503;
    std::string static_body;
    bool operator==(const Breaker&) const = default;
};

struct StickySession {   // sticks a client to one endpoint by a cookie of ours
    std::string cookie;  // empty: off
    bool operator==(const StickySession&) const = default;
};

// ---- endpoints that are discovered: these are the rules; what is found is a fact and stands nowhere here

struct DiscoverFile {
    std::string path;
    bool operator==(const DiscoverFile&) const = default;
};
struct DiscoverDns {  // A and AAAA
    std::string name;
    std::uint16_t port = 0;
    std::string family = "any";  // any | ipv4 | ipv6
    bool operator==(const DiscoverDns&) const = default;
};
struct DiscoverSrv {
    std::string name;
    bool operator==(const DiscoverSrv&) const = default;
};
struct DiscoverEtcd {
    std::string prefix;
    bool operator==(const DiscoverEtcd&) const = default;
};
struct DiscoverConsul {
    std::string service;
    std::vector<std::string> tags;  // all of them
    std::string datacenter;         // empty: the agent's
    bool operator==(const DiscoverConsul&) const = default;
};
struct DiscoverKubernetes {
    std::string name_space;  // written "namespace"
    std::string service;
    std::string port;  // by name, or its number; empty: the only one
    bool operator==(const DiscoverKubernetes&) const = default;
};
struct Discover {  // exactly one
    std::optional<DiscoverFile> file;
    std::optional<DiscoverDns> dns;
    std::optional<DiscoverSrv> srv;
    std::optional<DiscoverEtcd> etcd;
    std::optional<DiscoverConsul> consul;
    std::optional<DiscoverKubernetes> kubernetes;
    bool operator==(const Discover&) const = default;
};

struct Discovery {                           // how far a source is believed
    Duration hold = 10s;                     // what is not named any more stays so long while it is healthy
    Duration min_ttl = 1s;                   // of answers of name servers
    Duration max_ttl = 5min;                 //
    std::uint32_t max_removed_percent = 50;  // more at once, of three or more: must be confirmed
    Duration confirm_after = 30s;            // how long a mass removal, or an empty answer, must stand
    bool allow_empty = false;                // an empty answer may be meant
    std::vector<std::string> allow;          // CIDRs; empty: all but what is no other machine's
    std::uint32_t max_endpoints = 1000;      // more is a mistake
    bool operator==(const Discovery&) const = default;
};

struct EndpointOverride {  // of one discovered address; holds while it is absent, too
    EndpointState state = EndpointState::up;
    std::optional<std::uint32_t> weight;  // none: the source's
    bool operator==(const EndpointOverride&) const = default;
};

struct Upstream {
    std::vector<Endpoint> endpoints;
    std::optional<Discover> discover;
    Discovery discovery;
    std::map<std::string, EndpointOverride> endpoint_overrides;  // by address
    Balance balance;
    Health health;
    Ejection ejection;
    UpstreamTimeouts timeouts;
    Keepalive keepalive;
    Breaker breaker;
    StickySession sticky_session;
    Duration slow_start{0};
    std::uint32_t queue_limit = 0;         // requests that may wait for a free endpoint; 0: none wait
    std::uint8_t send_proxy_protocol = 0;  // 0, 1 or 2: the version sent to endpoints
    bool operator==(const Upstream&) const = default;
};

// ---------------------------------------------------------------- routes

struct Match {                       // all optional; empty means "any"
    std::vector<std::string> hosts;  // exact, or *.suffix; lower case
    std::string path_prefix = "/";   // matches at segment borders: /api matches /api and /api/x, not /apiary
    std::string path_exact;          // instead of the prefix when set
    std::vector<std::string> methods;
    std::vector<std::string> listeners;  // by name; empty: all
    bool operator==(const Match&) const = default;
};

struct Respond {
    std::uint16_t status = 0;  // 0: off
    std::string body;
    std::string content_type = "text/plain";
    bool operator==(const Respond&) const = default;
};

struct Rule {
    std::string name;
    Condition when;
    std::string upstream;
    std::string fallback;  // who serves while `upstream` has no usable endpoint; empty: nobody
    Respond respond;       // instead of an upstream
    bool operator==(const Rule&) const = default;
};

struct Sticky {
    Key key;
    bool mint = false;  // cookie only: set it when absent
    enum class Missing : std::uint8_t { baseline, random, client } missing = Missing::baseline;
    std::string salt;  // empty: the route's name
    bool operator==(const Sticky&) const = default;
};

struct HeaderEdits {
    std::map<std::string, std::string> set;  // replaces any value there is
    std::map<std::string, std::string> add;
    std::vector<std::string> remove;
    bool operator==(const HeaderEdits&) const = default;
};

struct RateLimit {
    Key key;                     // whose bucket; default: the client address
    std::uint32_t requests = 0;  // per `per`; 0: off
    Duration per = 1s;
    std::uint32_t burst = 0;  // 0: same as requests
    bool operator==(const RateLimit&) const = default;
};

struct Limits {
    std::uint64_t body = 0;       // request body bytes; 0: no limit
    std::uint32_t in_flight = 0;  // requests of this route, over all workers; 0: no limit
    RateLimit rate;
    bool operator==(const Limits&) const = default;
};

struct RouteTimeouts {
    Duration request = 0ms;  // whole exchange, first byte to last; 0: no limit
    Duration tunnel_idle = 5min;
    bool operator==(const RouteTimeouts&) const = default;
};

struct Retries {
    std::uint32_t attempts = 1;         // further attempts after the first
    std::uint32_t budget_percent = 20;  // of the worker's active requests; at least kMinRetries always
    bool operator==(const Retries&) const = default;
};

struct Redirect {
    std::string to;  // "https://{host}{path}" with {host}, {path}, {query}; empty: off
    std::uint16_t status = 308;
    bool operator==(const Redirect&) const = default;
};

struct Jwt {                // what makes `claim` keys trustworthy
    std::string algorithm;  // HS256 | RS256 | ES256; empty: off
    Secret key;             // shared secret (HS256) or PEM public key
    std::string key_file;   // or read from here
    std::string header = "Authorization";
    bool operator==(const Jwt&) const = default;
};

using Split = std::vector<std::pair<std::string, std::uint32_t>>;  // upstream → weight, in the order written

struct Route {
    std::string name;
    Match match;
    std::vector<Rule> rules;
    Split split;
    std::string candidate;  // while both weights of a split of two are equal: who had less; see candidate.h
    std::optional<Sticky> sticky;
    HeaderEdits request_headers;
    HeaderEdits response_headers;
    std::string strip_prefix;
    std::string replace_prefix;  // put in place of strip_prefix
    Limits limits;
    RouteTimeouts timeouts;
    Retries retries;
    Redirect redirect;
    Respond respond;
    Jwt jwt;
    bool debug_headers = false;
    bool allow_connect = false;
    bool abort_on_close = false;  // a client that closes its side has gone, and its request with it
    bool reroute = true;          // a split's arm without a usable endpoint: its requests go to the other arms
    std::vector<std::string> allow_trailers;  // trailer names that are passed on
    bool operator==(const Route&) const = default;
};

struct Model {
    Process process;
    std::map<std::string, Certificate> certificates;
    std::vector<Listener> listeners;
    std::map<std::string, Upstream> upstreams;
    std::vector<Route> routes;
    bool operator==(const Model&) const = default;
};

}  // namespace switchyard::config
