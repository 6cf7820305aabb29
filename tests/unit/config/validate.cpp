// Rules between values: each row is one document that is well-formed but wrong in one place.
#include "config/check/validate.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/parse.h"
#include "tests/support/random_model.h"

using namespace switchyard::config;

namespace {

struct Row {
    std::string text;
    std::string pointer, detail;
};

void check(const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto result = parse(row.text);
        CHECK_FALSE(result.model);
        REQUIRE(!result.errors.empty());
        CHECK(result.errors[0].pointer == row.pointer);
        CHECK(result.errors[0].detail == row.detail);
        for (std::size_t i = 1; i < result.errors.size(); ++i)
            FAIL_CHECK("also: " << result.errors[i].pointer << ": " << result.errors[i].detail);
    }
}

std::string process(const std::string& inside) {
    return R"({"process":{)" + inside + "}}";
}
std::string listeners(const std::string& list) {
    return R"({"listeners":[)" + list + "]}";
}
std::string upstream(const std::string& inside) {
    return R"({"upstreams":{"blue":{"endpoints":[{"address":"127.0.0.1:9001"}],)" + inside + "}}}";
}
std::string endpoints(const std::string& list) {
    return R"({"upstreams":{"blue":{"endpoints":[)" + list + "]}}}";
}
std::string routes(const std::string& list) {
    return R"({"upstreams":{"blue":{"endpoints":[]},"green":{"endpoints":[]}},"routes":[)" + list + "]}";
}
std::string route(const std::string& inside) {
    return routes(R"({"name":"forum",)" + inside + "}");
}
std::string split_and(const std::string& inside) {
    return route(R"("split":{"blue":1},)" + inside);
}

}  // namespace

TEST_CASE("process and admin API") {
    const std::string hex(64, 'a');
    check({
        {process(R"("admin":{"rollout_urls":["ftp://a.example"]})"), "/process/admin/rollout_urls/0",
         "\"ftp://a.example\": expected the start of a URL, such as http://prometheus:9090/api"},
        {process(R"("admin":{"bind":"0.0.0.0:9900"})"), "/process/admin/bind",
         "0.0.0.0:9900 can be reached from other machines: configure admin.tokens or admin.clients, or bind to "
         "127.0.0.1"},
        {process(R"("admin":{"tls_certificate":"/c.pem"})"), "/process/admin",
         "\"tls_key\" is missing: a certificate and its key go together"},
        {process(R"("admin":{"tls_key":"/k.pem"})"), "/process/admin",
         "\"tls_certificate\" is missing: a certificate and its key go together"},
        {process(R"("admin":{"rollout_certificate":"/c.pem"})"), "/process/admin",
         "\"rollout_key\" is missing: a certificate and its key go together"},
        {process(R"("admin":{"tokens":[{"name":"ci","role":"admin","sha256":"abc"}]})"),
         "/process/admin/tokens/0/sha256",
         "expected the SHA-256 of the token as 64 hex digits (printf %s TOKEN | sha256sum)"},
        {process(R"("admin":{"tokens":[{"name":"ci","role":"admin","sha256":")" + hex +
                 R"("},{"name":"ci","role":"viewer","sha256":")" + hex + R"("}]})"),
         "/process/admin/tokens/1/name", "token \"ci\" is there already, as number 0"},
        {process(R"("state_dir":"")"), "/process/state_dir", "expected a folder"},
        {process(R"("resolver":{"servers":["10.0.0.2","[::1]:5353","2001:db8::53","dns.internal"]})"),
         "/process/resolver/servers/3",
         "\"dns.internal\": expected an address, as 10.0.0.2, 127.0.0.1:5353, 2001:db8::53 or [::1]:5353; a name "
         "cannot be "
         "looked up before there is a server"},
        {process(R"("checks":{"disk":["check_disk"]})"), "/process/checks/disk",
         "expected the path of a program, from the root, and then its arguments: there is no shell"},
        {process(R"("checks":{"disk":[]})"), "/process/checks/disk",
         "expected the path of a program, from the root, and then its arguments: there is no shell"},
        {process(R"("checks":{"disk":["/bin/true","a\u0000b"]})"), "/process/checks/disk/1",
         "an argument has no zero octet: a program would see less of it"},
        {process(R"("checks":{"a b":["/bin/true"]})"), "/process/checks/a b",
         "\"a b\" is no name: expected letters, digits, '.', '_' and '-', beginning with a letter or digit"},
        {process(R"("resolver":{"servers":["10.0.0.2:0"]})"), "/process/resolver/servers/0",
         "\"10.0.0.2:0\": expected an address, as 10.0.0.2, 127.0.0.1:5353, 2001:db8::53 or [::1]:5353; a name cannot "
         "be "
         "looked up before there is a server"},
        {process(
             R"("resolver":{"servers":["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4","1.1.1.5","1.1.1.6","1.1.1.7","1.1.1.8","1.1.1.9"]})"),
         "/process/resolver/servers", "9 name servers; at most 8"},
    });
    CHECK(parse(process(R"("admin":{"bind":"0.0.0.0:9900","tokens":[{"name":"ci","role":"operator","sha256":")" + hex +
                        R"("}]})"))
              .model);
}

TEST_CASE("discovery") {
    const auto discovers = [](const std::string& source, const std::string& more = "") {
        return upstream(R"("discover":)" + source + more);
    };
    const std::string file = R"({"file":{"path":"/a"}})";
    check({
        {discovers("{}"), "/upstreams/blue/discover",
         "expected exactly one of file, dns, srv, etcd, consul and kubernetes"},
        {discovers(R"({"file":{"path":"/a"},"srv":{"name":"a"}})"), "/upstreams/blue/discover",
         "expected exactly one of file, dns, srv, etcd, consul and kubernetes"},
        {discovers(R"({"file":{"path":"a"}})"), "/upstreams/blue/discover/file/path",
         "expected a path that begins with '/'"},
        {discovers(R"({"dns":{"name":"a..b","port":1}})"), "/upstreams/blue/discover/dns/name",
         "\"a..b\" is no name that a name server could be asked for"},
        {discovers(R"({"srv":{"name":""}})"), "/upstreams/blue/discover/srv/name",
         "\"\" is no name that a name server could be asked for"},
        {discovers(R"({"etcd":{"prefix":""}})"), "/upstreams/blue/discover/etcd/prefix",
         "expected a prefix: without one every key would be an endpoint"},
        {discovers(R"({"consul":{"service":"a/b"}})"), "/upstreams/blue/discover/consul/service",
         "\"a/b\": expected letters, digits, '-', '_' and '.', at most 100"},
        {discovers(R"({"kubernetes":{"namespace":"","service":"a"}})"), "/upstreams/blue/discover/kubernetes/namespace",
         "expected a name"},
        {upstream(R"("discovery":{"hold":"1s"})"), "/upstreams/blue/discovery",
         "nothing is discovered here: \"discover\" is missing"},
        {discovers(file, R"(,"discovery":{"min_ttl":"2s","max_ttl":"1s"})"), "/upstreams/blue/discovery/min_ttl",
         "is longer than max_ttl"},
        {discovers(file, R"(,"endpoint_overrides":{"app:1":{}})"), "/upstreams/blue/endpoint_overrides/app:1",
         "app:1: what is discovered is an address with a port, such as 10.0.0.7:9002"},
        {discovers(file, R"(,"endpoint_overrides":{"[0::1]:1":{}})"), "/upstreams/blue/endpoint_overrides/[0::1]:1",
         "write it as [::1]:1"},
        {process(R"("sources":{"consul":{"url":"consul:8500"}})"), "/process/sources/consul/url",
         "\"consul:8500\": expected http:// or https://, a host and a port"},
        {process(R"("sources":{"etcd":{"urls":[]}})"), "/process/sources/etcd/urls", "0 servers; expected 1 to 8"},
        {process(R"("sources":{"etcd":{"urls":["http://a","http://b/c"]}})"), "/process/sources/etcd/urls/1",
         "\"http://b/c\": expected http:// or https://, a host and a port"},
    });
    for (const char* url : {"http://a", "https://a:1", "http://[::1]", "http://[::1]:2379", "https://10.0.0.1:6443"})
        CHECK_MESSAGE(parse(process(R"("sources":{"kubernetes":{"url":")" + std::string(url) + R"("}})")).model, url);
}

TEST_CASE("listeners") {
    check({
        {listeners(R"({"name":"web","bind":"127.0.0.1:80"},{"name":"web","bind":"127.0.0.1:81"})"), "/listeners/1/name",
         "listener \"web\" is there already, as number 0"},
        {listeners(R"({"name":"a","bind":"[::1]:80"},{"name":"b","bind":"[0::1]:80"})"), "/listeners/1/bind",
         "[::1]:80 is already the address of listener \"a\""},
        {listeners(R"({"name":"a","bind":"127.0.0.1:9900"})"), "/listeners/0/bind",
         "127.0.0.1:9900 is already the address of the admin API"},
        {listeners(R"({"name":"a b","bind":"127.0.0.1:80"})"), "/listeners/0/name",
         "\"a b\" is no name: expected letters, digits, '.', '_' and '-', beginning with a letter or digit"},
        {listeners(R"({"name":"","bind":"127.0.0.1:80"})"), "/listeners/0/name", "expected a name, found an empty one"},
        {listeners(R"({"name":"a","bind":"127.0.0.1:80","trusted_proxies":["10.0.0.0/8","proxy"]})"),
         "/listeners/0/trusted_proxies/1",
         "\"proxy\": expected an address block such as 10.0.0.0/8 or 2001:db8::/32, or \"unix\" for peers of a unix "
         "socket"},
        {listeners(R"({"name":"a","bind":"127.0.0.1:80","client_header":"X-Real-IP"})"), "/listeners/0/client_header",
         "nobody is believed about X-Real-IP: name the senders in trusted_proxies"},
        {listeners(R"({"name":"a","bind":"127.0.0.1:80","trusted_proxies":["unix"],"client_header":"X Real"})"),
         "/listeners/0/client_header", "\"X Real\" is no header name"},
        {listeners(R"({"name":"a","bind":"0.0.0.0:80","cdn_loop":"a b"})"), "/listeners/0/cdn_loop",
         "\"a b\" names no CDN: expected a word such as edge-shop, or a host with or without its port"},
        {R"({"listeners":[{"name":"a","bind":"0.0.0.0:80","cdn_loop":"edge.example:8080"}],)"
         R"("upstreams":{"blue":{"endpoints":[]}},"routes":[{"name":"r","split":{"blue":1},)"
         R"("request_headers":{"remove":["cdn-loop"]}}]})",
         "/routes/0/request_headers/remove/0",
         "CDN-Loop is how loops are found where a listener has cdn_loop: it cannot be edited"},
        {listeners(R"({"name":"a","bind":"0.0.0.0:80","proxy_protocol_from":["10.0.0.0/8"]})"),
         "/listeners/0/proxy_protocol_from", "no PROXY header is expected here: set \"proxy_protocol\": true"},
        {listeners(R"({"name":"a","bind":"0.0.0.0:80","proxy_protocol":true,"proxy_protocol_from":["10.0.0.1/8"]})"),
         "/listeners/0/proxy_protocol_from/0",
         "\"10.0.0.1/8\": has bits set below the prefix; the block is 10.0.0.0/8, or \"unix\" for peers of a unix "
         "socket"},
        {listeners(R"({"name":"a","bind":"0.0.0.0:80","proxy_protocol":true,"proxy_protocol_optional":true})"),
         "/listeners/0/proxy_protocol_optional",
         "any client could name another one by it: say in proxy_protocol_from whose header is taken"},
        {listeners(R"({"name":"a","bind":"0.0.0.0:80","proxy_protocol":true,"proxy_protocol_others":"plain"})"),
         "/listeners/0/proxy_protocol_others", "there are no others while proxy_protocol_from is empty"},
        {listeners(R"({"name":"a","bind":"127.0.0.1:80","trusted_proxies":["unix"],"client_header":"Host"})"),
         "/listeners/0/client_header", "Host names no client: expected a header such as X-Real-IP"},
    });
    CHECK(parse(listeners(R"({"name":"a","bind":"127.0.0.1:0"},{"name":"b","bind":"127.0.0.1:0"})")).model);
}

TEST_CASE("upstreams") {
    check({
        {endpoints(R"({"address":"h:1"},{"address":"H:1"})"), "/upstreams/blue/endpoints/1/address",
         "endpoint h:1 is there already, as number 0"},
        {endpoints(R"({"address":"h:0"})"), "/upstreams/blue/endpoints/0/address",
         "h:0: expected a port from 1 to 65535"},
        {upstream(R"("health":{"type":"http","path":"ready"})"), "/upstreams/blue/health/path",
         "\"ready\": expected a path that begins with '/'"},
        {upstream(R"("health":{"type":"http","path":"/x HTTP/1.1\r\nX: y"})"), "/upstreams/blue/health/path",
         "\"/x HTTP/1.1\r\nX: y\": expected a path that begins with '/'"},
        {upstream(R"("health":{"type":"http","host":"a\r\nb"})"), "/upstreams/blue/health/host",
         "expected a host name"},
        {upstream(R"("health":{"type":"http","headers":{"Host":"a"}})"), "/upstreams/blue/health/headers/Host",
         "Host is written by the check itself: see \"host\""},
        {upstream(R"("health":{"type":"http","body_matches":"("})"), "/upstreams/blue/health/body_matches",
         "is no regular expression (RE2): missing ): ("},
        {upstream(R"("health":{"type":"http","method":"HEAD","body_matches":"a"})"),
         "/upstreams/blue/health/body_matches", "an answer to HEAD has no body"},
        {upstream(R"("health":{"type":"http","expect":[]})"), "/upstreams/blue/health/expect",
         "expected at least one status code"},
        {upstream(R"("health":{"path":"/ready"})"), "/upstreams/blue/health/path",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"host":"a"})"), "/upstreams/blue/health/host",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"port":9,"body_matches":"ok"})"), "/upstreams/blue/health/body_matches",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"method":"POST"})"), "/upstreams/blue/health/method",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"headers":{"X-A":"b"}})"), "/upstreams/blue/health/headers",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"type":"exec","check":"disk"})"), "/upstreams/blue/health/check",
         "process.checks has no programs: \"disk\" has to stand there, in the file"},
        {upstream(R"("health":{"type":"exec"})"), "/upstreams/blue/health/check",
         "say which program looks: the name of one of process.checks"},
        {upstream(R"("health":{"type":"http","check":"disk"})"), "/upstreams/blue/health/check",
         "only a check of type exec runs a program: say \"type\": \"exec\", or leave it out"},
        {R"({"process":{"checks":{"disk":["/bin/true"]}},"upstreams":{"blue":{"endpoints":[],)"
         R"("health":{"type":"exec","check":"disc"}}}})",
         "/upstreams/blue/health/check", "process.checks has no \"disc\"; did you mean \"disk\"?"},
        {R"({"process":{"checks":{"disk":["/bin/true"]}},"upstreams":{"blue":{"endpoints":[],)"
         R"("health":{"type":"exec","check":"disk","path":"/x"}}}})",
         "/upstreams/blue/health/path",
         "a check of type exec runs a program, whose exit code is all that counts: say \"type\": \"http\", or leave it "
         "out"},
        {upstream(R"("health":{"drain":{"statuses":[503]}})"), "/upstreams/blue/health/drain",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"type":"http","drain":{"statuses":[503,"2xx"]}})"),
         "/upstreams/blue/health/drain/statuses/1", "2xx would say both: an answer of 200 is well, by \"expect\""},
        {upstream(R"("health":{"type":"http","drain":{"header":"X Drain"}})"), "/upstreams/blue/health/drain/header",
         "\"X Drain\" is no header name"},
        {upstream(R"("health":{"expect":["2xx"]})"), "/upstreams/blue/health/expect",
         "a check of type tcp only connects and looks at no answer: say \"type\": \"http\", or leave it out"},
        {upstream(R"("protocol":"h2","health":{"type":"grpc","path":"/ready"})"), "/upstreams/blue/health/path",
         "a check of gRPC asks and is answered in its own words: say \"type\": \"http\", or leave it out"},
        {upstream(R"("health":{"type":"grpc"})"), "/upstreams/blue/health/type",
         "calls of gRPC are HTTP/2, and the upstream is spoken to in HTTP/1.1: give it \"protocol\": \"h2\""},
        {upstream(R"("protocol":"h2","health":{"type":"http","service":"shop.Cart"})"),
         "/upstreams/blue/health/service",
         "only a check of gRPC asks about a service: say \"type\": \"grpc\", or leave it out"},
        {upstream(R"("ejection":{"base_time":"10m"})"), "/upstreams/blue/ejection/base_time",
         "is longer than max_time"},
        {upstream(R"("breaker":{"fallback":"blue"})"), "/upstreams/blue/breaker/fallback",
         "upstream \"blue\" falls back to itself"},
        {upstream(R"("breaker":{"slow_percent":50})"), "/upstreams/blue/breaker/slow_over",
         "slow_percent needs to know from which time on an answer is slow: say \"1s\""},
        {upstream(R"("breaker":{"failure_percent":50,"slow_over":"1s"})"), "/upstreams/blue/breaker/slow_percent",
         "slow_over alone opens nothing: say which share of slow answers does, or leave slow_over out"},
        {upstream(R"("sticky_session":{"cookie":"a=b"})"), "/upstreams/blue/sticky_session/cookie",
         "\"a=b\" is no cookie name"},
        {upstream(R"("sticky_session":{"attributes":{"secure":true}})"), "/upstreams/blue/sticky_session/attributes",
         "there is no cookie that these would be for: it is set by \"mint\" of a cookie key, or by \"cookie\" of "
         "sticky_session"},
        {upstream(R"("sticky_session":{"cookie":"a","attributes":{"same_site":"none"}})"),
         "/upstreams/blue/sticky_session/attributes/same_site",
         "browsers refuse SameSite=None without Secure: say \"secure\": true"},
        {upstream(R"("sticky_session":{"cookie":"a","attributes":{"domain":"a.example; HttpOnly"}})"),
         "/upstreams/blue/sticky_session/attributes/domain",
         "\"a.example; HttpOnly\" is no domain: expected such as example.com"},
        {upstream(R"("sticky_session":{"cookie":"a","attributes":{"path":"/a;b"}})"),
         "/upstreams/blue/sticky_session/attributes/path",
         "\"/a;b\": expected a path that begins with '/', without ';' and spaces"},
        {upstream(R"("sticky_session":{"cookie":"__Secure-a"})"), "/upstreams/blue/sticky_session/attributes/secure",
         "browsers drop __Secure-a without Secure: say \"secure\": true"},
        {upstream(R"("sticky_session":{"cookie":"__Host-a","attributes":{"secure":true,"path":"/x"}})"),
         "/upstreams/blue/sticky_session/attributes",
         "browsers drop __Host-a with a domain, or a path other than \"/\""},
        {upstream(R"("sticky_session":{"cookie":"a","attributes":{"max_age":"401d"}})"),
         "/upstreams/blue/sticky_session/attributes/max_age", "expected a duration from 0s to 400d, found \"401d\""},
        {split_and(R"("sticky":{"by":"cookie:uid","attributes":{"path":"/a"}})"), "/routes/0/sticky/attributes",
         "there is no cookie that these would be for: it is set by \"mint\" of a cookie key, or by \"cookie\" of "
         "sticky_session"},
        {upstream(R"("protocol":"auto")"), "/upstreams/blue/protocol",
         "auto is chosen when TLS begins: give the upstream tls, or say h2 or http/1.1"},
        {upstream(R"("protocol":"h2","send_proxy_protocol":1)"), "/upstreams/blue/protocol",
         "a connection that begins with a PROXY header speaks for one client, and those of HTTP/2 are shared: say "
         "http/1.1, or send_proxy_protocol 0"},
        {R"({"upstreams":{"a b":{"endpoints":[]}}})", "/upstreams/a b",
         "\"a b\" is no name: expected letters, digits, '.', '_' and '-', beginning with a letter or digit"},
        {R"({"upstreams":{"blue":{"endpoints":[],"balance":{"hash":"claim:sub"}}},"routes":[{"name":"r","split":{"blue":1}}]})",
         "/upstreams/blue/balance/hash", "claims can be used only where the route has \"jwt\", which verifies them"},
    });
    // A circle of two is reported at each of them.
    const auto circle = parse(R"({"upstreams":{"a":{"endpoints":[],"breaker":{"fallback":"b"}},
                                               "b":{"endpoints":[],"breaker":{"fallback":"a"}}}})");
    REQUIRE(circle.errors.size() == 2);
    CHECK(circle.errors[0].detail == "upstream \"a\" falls back to itself");
}

TEST_CASE("what a route does") {
    check({
        {routes(R"({"name":"forum"})"), "/routes/0",
         "the route leads nowhere: expected a split, a redirect, a response (\"respond\") or files (\"static\")"},
        {split_and(R"("answers":{"location":[{"from":"","to":"/"}]})"), "/routes/0/answers/location/0/from",
         "expected what the endpoint says"},
        {split_and(R"("answers":{"cookie_path":[{"from":"/","to":"/a b"}]})"), "/routes/0/answers/cookie_path/0/to",
         "expected no spaces, semicolons and control characters"},
        {split_and(R"("answers":{"cookie_domain":[{"from":"a","to":"{1}"}]})"), "/routes/0/answers/cookie_domain/0/to",
         "{1} is a group of an expression, and there is none: see match.path_matches"},
        {route(R"("respond":{"status":204},"answers":{"location":[{"from":"/a","to":"/b"}]})"), "/routes/0/answers",
         "goes with a split; this route answers by itself"},
        {route(R"("respond":{"status":204},"expires":"1h")"), "/routes/0/expires",
         "goes with a split or with static; for an answer of the route itself set Cache-Control in response_headers"},
        {split_and(R"("expires":"soon")"), "/routes/0/expires",
         "expected a duration such as \"500ms\", \"30s\", \"2m\", \"1h\" or \"1m30s\", \"no-cache\" or \"max\", found "
         "\"soon\""},
        {split_and(R"("forwarded_prefix":true)"), "/routes/0/forwarded_prefix",
         "goes with strip_prefix: it is what is told"},
        {split_and(R"("retries":{"on":[503,"3xx"]})"), "/routes/0/retries/on/1",
         "3xx: expected statuses from 400 to 599; another endpoint is asked after errors"},
        {split_and(R"("retries":{"on":[99]})"), "/routes/0/retries/on/0",
         "expected a status from 100 to 599, or a class of them such as \"5xx\", found 99"},
        {split_and(R"("retries":{"on":["5x"]})"), "/routes/0/retries/on/0",
         "expected a status from 100 to 599, or a class of them such as \"5xx\", found \"5x\""},
        {split_and(R"("retries":{"attempts":0,"backoff":"1s"})"), "/routes/0/retries/attempts",
         "no further attempt is made: leave out what says when one is, or allow some"},
        {split_and(R"("rewrite":[{"to":"x"}])"), "/routes/0/rewrite/0/to",
         "\"x\": expected a path that begins with '/', without '#' and spaces"},
        {split_and(R"("rewrite":[{"to":"/s/{query}"}])"), "/routes/0/rewrite/0/to",
         "{query} stands before a '?': what a client says there is no path"},
        {split_and(R"("rewrite":[{"to":"/{1}"}])"), "/routes/0/rewrite/0/to",
         "{1} is a group of an expression, and there is none: see match.path_matches"},
        {split_and(R"("rewrite":[{"to":"/{host.1}"}])"), "/routes/0/rewrite/0/to",
         "{host.1} is a group of an expression, and there is none: see match.host_matches"},
        {split_and(R"c("rewrite":[{"matches":"^/(a)","to":"/{2}"}])c"), "/routes/0/rewrite/0/to",
         "{2}: \"^/(a)\" has 1 group"},
        {split_and(R"("rewrite":[{"to":"/{paht}"}])"), "/routes/0/rewrite/0/to",
         "unknown placeholder \"paht\"; did you mean \"path\"?"},
        {split_and(R"("rewrite":[{"matches":"(","to":"/"}])"), "/routes/0/rewrite/0/matches",
         "is no regular expression (RE2): missing ): ("},
        {split_and(R"("rewrite":[{"to":"/a"},{"matches":"b","to":"/c"}])"), "/routes/0/rewrite/0",
         "has no \"matches\", so those behind it are never asked: put it last"},
        {split_and(R"("match":{"path_prefix":"/a"},"strip_prefix":"/a","rewrite":[{"to":"/a"}])"),
         "/routes/0/strip_prefix", "\"rewrite\" is there too; only one of them can say what is sent on"},
        {route(R"("respond":{"status":204},"rewrite":[{"to":"/a"}])"), "/routes/0/rewrite",
         "goes with a split; this route sends nothing on"},
        {split_and(R"("redirect":{"to":"/x"})"), "/routes/0/redirect",
         "a route has only one of split, redirect and respond; it has a split too"},
        {split_and(R"("respond":{"status":200})"), "/routes/0/respond",
         "a route has only one of split, redirect and respond; it has a split too"},
        {route(R"("redirect":{"to":"/x"},"respond":{"status":200})"), "/routes/0/respond",
         "a route has only one of split, redirect and respond; it has a redirect too"},
        {split_and(R"("rules":[{"name":"r","when":{"path":"/x"}}])"), "/routes/0/rules/0",
         "the rule leads nowhere: expected \"upstream\", \"respond\" or \"deny\""},
        {split_and(R"("rules":[{"name":"r","when":{"path":"/x"},"deny":399}])"), "/routes/0/rules/0/deny",
         "expected a status from 400 to 599, such as 403"},
        {split_and(R"("rules":[{"name":"r","when":{"path":"/x"},"deny":403,"upstream":"blue"}])"),
         "/routes/0/rules/0/deny", "a rule has only one of upstream, respond and deny; it has an upstream too"},
        {split_and(R"("rules":[{"name":"r","when":{"path":"/x"},"deny":403,"respond":{"status":404}}])"),
         "/routes/0/rules/0/deny", "a rule has only one of upstream, respond and deny; it has a response too"},
        {split_and(R"("access":{"allow":["10.0.0.0/8","office"]})"), "/routes/0/access/allow/1",
         "\"office\": expected an address block such as 10.0.0.0/8 or 2001:db8::/32, \"unix\" or \"all\""},
        {split_and(R"("access":{"allow":[]})"), "/routes/0/access/allow",
         "expected at least one block: an empty list would let no client in, and none at all every client; \"deny\": "
         "[\"all\"] closes it"},
        {split_and(R"("access":{"allow":["::ffff:10.0.0.0/104"],"deny":["10.0.0.0/8"]})"), "/routes/0/access/deny/0",
         "\"10.0.0.0/8\" is in \"allow\" as well: only one of them can decide; take it out of the other"},
        {split_and(R"("access":{"deny":["10.0.0.1/8"]})"), "/routes/0/access/deny/0",
         "\"10.0.0.1/8\": has bits set below the prefix; the block is 10.0.0.0/8"},
        {split_and(R"("access":{"allow":["10.0.0.1"],"deny":["10.0.0.1/32"]})"), "/routes/0/access/deny/0",
         "\"10.0.0.1/32\" is in \"allow\" as well: only one of them can decide; take it out of the other"},
        {split_and(R"("access":{"deny":["all","10.0.0.1","all"]})"), "/routes/0/access/deny/2",
         "\"all\" is there twice"},
        {split_and(R"("rules":[{"name":"r","when":{"path":"/x"},"upstream":"blue","respond":{"status":403}}])"),
         "/routes/0/rules/0/respond", "a rule has only one of upstream and respond; it has an upstream too"},
        {split_and(R"("rules":[{"name":"r","when":{"path":"/x"},"respond":{"status":403,"content_type":" "}}])"),
         "/routes/0/rules/0/respond/content_type", "expected a media type"},
        {routes(R"({"name":"a","split":{"blue":1}},{"name":"a","match":{"path_exact":"/x"},"split":{"blue":1}})"),
         "/routes/1/name", "route \"a\" is there already, as number 0"},
        {routes(R"({"name":"a","split":{"blue":1}},{"name":"b","split":{"green":1}})"), "/routes/1",
         "matches the same requests as route \"a\" and would never be reached"},
        {routes(
             R"({"name":"a","match":{"path_prefix":"/x"},"split":{"blue":1}},{"name":"b","match":{"path_prefix":"/x/"},"split":{"green":1}})"),
         "/routes/1/match", "matches the same requests as route \"a\" and would never be reached"},
        {route(R"("split":{"blue":0,"green":0})"), "/routes/0/split",
         "every weight is 0; at least one upstream must get requests"},
        {split_and(
             R"("rules":[{"name":"r","when":{"path":"/x"},"upstream":"blue"},{"name":"r","when":{"path":"/y"},"upstream":"blue"}])"),
         "/routes/0/rules/1/name", "rule \"r\" is there already in this route"},
        {split_and(R"("sticky":{"by":"method"})"), "/routes/0/sticky/by",
         "expected a key that belongs to a user: header, cookie, query, claim or client"},
        {split_and(R"("sticky":{"by":"header:X-User","mint":true})"), "/routes/0/sticky/mint",
         "only a cookie can be set when it is missing; the key is header:X-User"},
        {route(R"("respond":{"status":200},"sticky":{"by":"client"})"), "/routes/0/sticky", "sticky goes with a split"},
        {split_and(R"("limits":{"rate":{"burst":5}})"), "/routes/0/limits/rate",
         "\"requests\" is missing; without it there is no limit"},
        {split_and(R"("limits":{"rate":{"requests":5,"by":"claim:sub"}})"), "/routes/0/limits/rate/by",
         "claims can be used only where the route has \"jwt\", which verifies them"},
        {split_and(R"("grpc":{"failures":["OK"]})"), "/routes/0/grpc/failures/0", "OK is no failure"},
        {split_and(R"("grpc":{"retry_on":["INTERNAL","UNAVALABLE"]})"), "/routes/0/grpc/retry_on/1",
         "unknown status of gRPC \"UNAVALABLE\"; did you mean \"UNAVAILABLE\"?"},
        {split_and(R"("jwt":{"algorithm":"HS256"})"), "/routes/0/jwt", "expected \"key\" or \"key_file\""},
        {split_and(R"("jwt":{"algorithm":"HS256","key":"k","key_file":"/k"})"), "/routes/0/jwt",
         "expected only one of \"key\" and \"key_file\""},
        {route(R"("redirect":{"to":"x"})"), "/routes/0/redirect/to",
         "expected a URL that begins with http://, https:// or '/'"},
        {route(R"("redirect":{"to":"/x{hots}"})"), "/routes/0/redirect/to",
         "unknown placeholder \"hots\"; did you mean \"host\"?"},
        {route(R"("redirect":{"to":"/x{path"})"), "/routes/0/redirect/to", "a '{' is not closed"},
        {route(R"("redirect":{"to":"/x","status":304})"), "/routes/0/redirect/status",
         "expected 301, 302, 303, 307 or 308, found 304"},
        {split_and(R"("strip_prefix":"/api")"), "/routes/0/strip_prefix",
         "\"/api\" does not begin every path of this route, which matches path_prefix \"/\""},
        {split_and(R"("match":{"path_prefix":"/apiary"},"strip_prefix":"/api")"), "/routes/0/strip_prefix",
         "\"/api\" does not begin every path of this route, which matches path_prefix \"/apiary\""},
        {split_and(R"("replace_prefix":"/api")"), "/routes/0/replace_prefix",
         "goes with strip_prefix, which says what is replaced"},
        {split_and(R"("allow_trailers":["Content-Length"])"), "/routes/0/allow_trailers/0",
         "Content-Length means nothing in a trailer and is never passed on"},
    });
    CHECK(parse(route(R"("split":{"blue":900000,"green":100000})")).model);
    CHECK(parse(split_and(R"("match":{"path_prefix":"/api/v1"},"strip_prefix":"/api")")).model);
}

TEST_CASE("compression") {
    check({
        {split_and(R"("compress":{"min_size":"2KiB"})"), "/routes/0/compress",
         R"("encodings" is missing: which of gzip, br and zstd, such as ["zstd", "br", "gzip"])"},
        {split_and(R"("compress":{"encodings":[]})"), "/routes/0/compress/encodings",
         "expected at least one of gzip, br and zstd: take \"compress\" out where nothing is compressed"},
        {split_and(R"("compress":{"encodings":["gzip","br","gzip"]})"), "/routes/0/compress/encodings/2",
         "\"gzip\" is there twice"},
        {split_and(R"("compress":{"encodings":["gzip"],"types":[]})"), "/routes/0/compress/types",
         "expected at least one media type, such as text/* or *"},
        {split_and(R"("compress":{"encodings":["gzip"],"types":["*","text/*","*/*"]})"), "/routes/0/compress/types/2",
         "\"*/*\": expected a media type without parameters, such as text/html, text/* or *"},
        {split_and(R"("compress":{"encodings":["gzip"],"types":["text/html; charset=utf-8"]})"),
         "/routes/0/compress/types/0",
         "\"text/html; charset=utf-8\": expected a media type without parameters, such as text/html, text/* or *"},
        {split_and(R"("compress":{"encodings":["gzip"]},"response_headers":{"remove":["content-encoding"]})"),
         "/routes/0/response_headers/remove/0",
         "Content-Encoding says how the answer is compressed: take it out, or leave \"compress\" out"},
        {route(R"("redirect":{"to":"/x"},"compress":{"encodings":["br"]})"), "/routes/0/compress",
         "goes with a split or a rule with an upstream; this route sends nothing on"},
    });
}

TEST_CASE("what a route matches") {
    const auto host = [](const std::string& h) { return split_and(R"("match":{"hosts":[")" + h + R"("]})"); };
    const std::string at = "/routes/0/match/hosts/0";
    check({
        {split_and(R"("match":{"path_matches":"("})"), "/routes/0/match/path_matches",
         "is no regular expression (RE2): missing ): ("},
        {split_and(R"("match":{"path_matches":"a","path_exact":"/a"})"), "/routes/0/match/path_matches",
         "path_exact is there too; only one of them can decide"},
        {split_and(R"("match":{"host_matches":"a","hosts":["a"]})"), "/routes/0/match/host_matches",
         "hosts are there too; write a route for each, or one expression"},
        {split_and(R"("match":{"before_prefixes":true})"), "/routes/0/match/before_prefixes",
         "goes with path_matches: it says when that is asked"},
        {split_and(R"("match":{"path_matches":"a","before_prefixes":true,"before_expressions":true})"),
         "/routes/0/match/before_expressions", "before_prefixes is there too: it is asked among the expressions"},
        {route(R"c("match":{"path_matches":"^/(a)"},"redirect":{"to":"/{2}"})c"), "/routes/0/redirect/to",
         "{2}: \"^/(a)\" has 1 group"},
        {split_and(R"c("match":{"path_matches":"^/(a)"},"request_headers":{"set":{"X-A":"{1}{2}"}})c"),
         "/routes/0/request_headers/set/X-A", "{2}: \"^/(a)\" has 1 group"},
        {host("*"), at, "\"*\": leave \"hosts\" out to match any host"},
        {host("forum.example:80"), at, "\"forum.example:80\": expected the host without a port"},
        {host("Forum.example"), at, "\"Forum.example\": write it in lower case"},
        {host("www.*.example"), at, "\"www.*.example\": '*' stands only for the first labels, as in *.forum.example"},
        {host("a..b"), at, "\"a..b\": a label is empty"},
        {host("grün.example"), at,
         "\"grün.example\": expected letters, digits, '-', '_' and '.' (other scripts as xn--…)"},
        {host("[::g]"), at, "\"[::g]\": expected an IPv6 address in brackets"},
        {split_and(R"("match":{"hosts":["a.example","a.example"]})"), "/routes/0/match/hosts/1",
         "a.example is there twice"},
        {split_and(R"("match":{"path_prefix":"api"})"), "/routes/0/match/path_prefix",
         "\"api\": expected a path that begins with '/'"},
        {split_and(R"("match":{"path_prefix":"/a?b"})"), "/routes/0/match/path_prefix",
         "\"/a?b\": expected a path without '?', '#', spaces and control characters"},
        {split_and(R"("match":{"path_exact":"/a/../b"})"), "/routes/0/match/path_exact",
         "\"/a/../b\": '.' and '..' are resolved before matching: write the result"},
        {split_and(R"("match":{"path_exact":"/a","path_prefix":"/b"})"), "/routes/0/match/path_prefix",
         "path_exact is there too; only one of them can decide"},
        {split_and(R"("match":{"methods":["GET","G T"]})"), "/routes/0/match/methods/1", "\"G T\" is no method"},
        {split_and(R"("match":{"methods":["GET","GET"]})"), "/routes/0/match/methods/1", "GET is there twice"},
        {R"({"listeners":[{"name":"web","bind":"127.0.0.1:0"}],)"
         R"("routes":[{"name":"a","match":{"listeners":["wbe"]},"respond":{"status":200}}]})",
         "/routes/0/match/listeners/0", "no listener is named \"wbe\"; did you mean \"web\"?"},
        {R"({"listeners":[{"name":"web","bind":"127.0.0.1:0"}],)"
         R"("routes":[{"name":"a","match":{"listeners":["web","web"]},"respond":{"status":200}}]})",
         "/routes/0/match/listeners/1", "web is there twice"},
    });
    for (const auto* h : {"*.forum.example", "[::1]", "192.0.2.1", "xn--grn-hoa.example", "localhost", "a_b.example"}) {
        CAPTURE(h);
        CHECK(parse(host(h)).model);
    }
}

TEST_CASE("header edits") {
    check({
        {split_and(R"c("match":{"path_matches":"^/(a)"},"request_headers":{"set":{"Host":"{1}"}})c"),
         "/routes/0/request_headers/set/Host",
         "{1} may hold what no host is made of: expected text, {host}, {host.1} or {request_id}"},
        {split_and(R"("request_headers":{"set":{"host":"a.{target}"}})"), "/routes/0/request_headers/set/host",
         "{target} may hold what no host is made of: expected text, {host}, {host.1} or {request_id}"},
        {split_and(R"("request_headers":{"set":{"X Env":"a"}})"), "/routes/0/request_headers/set/X Env",
         "\"X Env\" is no header name"},
        {split_and(R"("request_headers":{"set":{"X-Env":"a\r\nX-Evil: b"}})"), "/routes/0/request_headers/set/X-Env",
         "a header value has no control characters and no space at its ends"},
        {split_and(R"("request_headers":{"set":{"X-Real-IP":"{cleint}"}})"), "/routes/0/request_headers/set/X-Real-IP",
         "unknown placeholder \"cleint\"; did you mean \"client\"?"},
        {split_and(R"("request_headers":{"set":{"X-Env":"a\u0000"}})"), "/routes/0/request_headers/set/X-Env",
         "a header value has no control characters and no space at its ends"},
        {split_and(R"("response_headers":{"add":{"X-Env":" a"}})"), "/routes/0/response_headers/add/X-Env",
         "a header value has no control characters and no space at its ends"},
        {split_and(R"("request_headers":{"set":{"transfer-encoding":"chunked"}})"),
         "/routes/0/request_headers/set/transfer-encoding",
         "transfer-encoding is written by the proxy itself and cannot be edited"},
        {split_and(R"("response_headers":{"remove":["Content-Length"]})"), "/routes/0/response_headers/remove/0",
         "Content-Length is written by the proxy itself and cannot be edited"},
        {split_and(R"("request_headers":{"remove":["Host"]})"), "/routes/0/request_headers/remove/0",
         "Host cannot be removed; every request has one"},
        {split_and(R"("request_headers":{"add":{"Host":"a"}})"), "/routes/0/request_headers/add/Host",
         "a request has only one Host: use \"set\""},
        {split_and(R"("request_headers":{"set":{"X-A":"1","x-a":"2"}})"), "/routes/0/request_headers/set/x-a",
         "x-a is there twice"},
        {split_and(R"("request_headers":{"set":{"X-A":"1"},"remove":["x-a"]})"), "/routes/0/request_headers/remove/0",
         "x-a is also in \"set\", which replaces it"},
        {split_and(R"("request_headers":{"remove":["expect"]})"), "/routes/0/request_headers/remove/0",
         "Expect decides when a body is sent, and belongs to the client: it cannot be edited; leave it out"},
        {split_and(R"("request_headers":{"add":{"X-Forwarded-Proto":"https"}})"),
         "/routes/0/request_headers/add/X-Forwarded-Proto",
         "X-Forwarded-Proto has one value, and the proxy writes it: use \"set\""},
        {split_and(R"("sticky":{"by":"cookie:uid","mint":true},"response_headers":{"remove":["Set-Cookie"]})"),
         "/routes/0/response_headers/remove/0",
         "Set-Cookie carries the cookie of sticky.mint: use \"add\", or go without sticky.mint"},
    });
}

TEST_CASE("edits that an earlier version took stay in force") {
    const std::string document = split_and(R"("request_headers":{"remove":["Expect"],"add":{"X-Request-Id":"a"}})");
    CHECK_FALSE(parse(document).model);
    const auto stored = parse_stored(document);
    REQUIRE(stored.model);
    // A change of something else takes them along; a new edit of the kind is refused.
    CHECK(validate(*stored.model, Taken::in(*stored.model)).empty());
    Model more = *stored.model;
    more.routes[0].request_headers.add["X-Forwarded-Host"] = "b";
    CHECK(validate(more, Taken::in(*stored.model)).size() == 1);
}

TEST_CASE("what a check of health does not look at stays where an earlier version took it, or nothing is checked") {
    const std::string document = upstream(R"("health":{"path":"/ready"})");
    CHECK_FALSE(parse(document).model);
    const auto stored = parse_stored(document);
    REQUIRE(stored.model);
    CHECK(validate(*stored.model, Taken::in(*stored.model)).empty());
    Model more = *stored.model;
    more.upstreams.at("blue").health.body_matches = "ok";
    CHECK(validate(more, Taken::in(*stored.model)).size() == 2);
    CHECK(parse(upstream(R"("health":{"type":"none","path":"/ready"})")).model);
}

TEST_CASE("models that no document could bring in are refused too") {
    Model model;
    model.upstreams["a"].endpoints.push_back({});
    model.routes.push_back({});
    model.routes[0].name = "r";
    model.routes[0].split = {{"a", 1}, {"a", 2}};
    Rule rule{"deep", {}, "a", "", {}};
    rule.when.key = {Key::Source::path, {}};
    for (int i = 0; i < 20; ++i) {
        Condition outer;
        outer.kind = Condition::Kind::negate;
        outer.children = {rule.when};
        rule.when = outer;
    }
    model.routes[0].rules = {rule, rule};
    model.routes[0].rules[1].name = "empty";
    model.routes[0].rules[1].when = {};
    model.routes[0].rules[1].when.kind = Condition::Kind::negate;
    model.routes[0].respond.body = "\xff\xfe";
    std::vector<std::string> details;
    for (const auto& error : validate(model)) details.push_back(error.detail);
    CHECK(details == std::vector<std::string>{"expected an address", "conditions may be nested 16 deep",
                                              "\"not\" takes exactly one condition", "upstream \"a\" is there twice",
                                              "expected a status from 200 to 599", "expected UTF-8 text"});
}
