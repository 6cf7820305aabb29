#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

// One upstream `app` with the given lines and one server that uses it; its JSON without what the proxying adds.
std::string upstream(const std::string& lines) {
    auto imported = import_http("upstream app {\n" + lines + "\n}\nserver { location / { proxy_pass http://app; } }");
    auto& app = imported.model.upstreams.at("app");
    app.timeouts.connect = UpstreamTimeouts{}.connect;
    app.timeouts.response_head = UpstreamTimeouts{}.response_head;
    return upstream_of(imported, "app");
}

}  // namespace

TEST_CASE("servers become endpoints with what is said of them") {
    CHECK(upstream("server 127.0.0.1:9001;") ==
          R"({"endpoints":[{"address":"127.0.0.1:9001"}],"balance":"weighted_round_robin"})");
    CHECK(upstream(
              "server 127.0.0.1:9001 weight=3 max_conns=50;\nserver app.internal backup;\nserver [::1]:9002 down;") ==
          R"({"endpoints":[{"address":"127.0.0.1:9001","weight":3,"max_connections":50},)"
          R"({"address":"app.internal:80","backup":true},{"address":"[::1]:9002","state":"maint"}],)"
          R"("balance":"weighted_round_robin"})");
    CHECK(upstream("server unix:/run/app.sock; keepalive 32; keepalive_timeout 30s;") ==
          R"({"endpoints":[{"address":"unix:/run/app.sock"}],"balance":"weighted_round_robin",)"
          R"("keepalive":{"max_idle":32,"idle_timeout":"30s"}})");
    CHECK(upstream("server h:1 max_fails=3 fail_timeout=15s slow_start=30s;") ==
          R"({"endpoints":[{"address":"h:1"}],"balance":"weighted_round_robin",)"
          R"("ejection":{"consecutive_failures":3,"base_time":"15s"},"slow_start":"30s"})");
    CHECK(
        upstream("server h:1 fail_timeout=0;") ==
        R"({"endpoints":[{"address":"h:1"}],"balance":"weighted_round_robin","ejection":{"consecutive_failures":0,"base_time":"10s"}})");
    CHECK(upstream("server h:1; server h:1 weight=2;") ==
          R"({"endpoints":[{"address":"h:1","weight":3}],"balance":"weighted_round_robin"})");
}

TEST_CASE("each way of balancing has its counterpart") {
    const auto balance = [](const std::string& line) {
        const std::string json = upstream("server h:1; " + line);
        const auto at = json.find("\"balance\":");
        return at == std::string::npos ? "default" : json.substr(at + 10, json.size() - at - 11);
    };
    CHECK(balance("") == R"("weighted_round_robin")");
    CHECK(balance("least_conn;") == R"("least_connections")");
    CHECK(balance("ip_hash;") == R"("ip_hash")");
    CHECK(balance("random two least_conn;") == "default");
    CHECK(balance("random;") == "default");
    CHECK(balance("random two least_time=header;") == R"("peak_ewma")");
    CHECK(balance("least_time header;") == R"("peak_ewma")");
    CHECK(balance("hash $remote_addr consistent;") == R"({"hash":"client"})");
    CHECK(balance("hash $http_x_user_id consistent;") == R"({"hash":"header:X-User-Id"})");
    CHECK(balance("hash $cookie_uid;") == R"({"hash":"cookie:uid"})");
    CHECK(balance("hash $arg_q;") == R"({"hash":"query:q"})");
    CHECK(balance("hash $request_uri consistent;") == R"({"hash":"path"})");
    CHECK(balance("hash $scheme$host;") == R"("weighted_round_robin")");
    CHECK(balance("sticky cookie srv;") == R"("weighted_round_robin","sticky_session":{"cookie":"srv"})");
    CHECK(balance("sticky cookie srv expires=1h domain=.shop.example httponly secure samesite=None path=/a;") ==
          R"("weighted_round_robin","sticky_session":{"cookie":"srv","attributes":{"secure":true,"same_site":"none",)"
          R"("domain":".shop.example","path":"/a","max_age":"1h"}})");
    CHECK(balance("sticky cookie srv samesite=none path=$x;") ==
          R"("weighted_round_robin","sticky_session":{"cookie":"srv"})");
}

TEST_CASE("what an upstream has and Switchyard has not is noted") {
    const auto imported = import_http(
        "upstream app {\n zone app 64k;\n hash $scheme$host;\n server h:1 route=a;\n server h:2 max_fails=1;\n"
        " server h:3 max_fails=2;\n sticky learn create=$x;\n ntlm;\n"
        " random two least_time=header;\n state /var/lib/app.state;\n}");
    CHECK(notes_of(imported) ==
          "4 lost: hash $scheme$host\n5 lost: server h:1 route=a\n6 changed: server h:2 max_fails=1\n"
          "7 changed: server h:3 max_fails=2\n8 lost: sticky learn create=$x\n9 lost: ntlm\n"
          "10 changed: random two least_time=header\n11 lost: state /var/lib/app.state\n");
}

TEST_CASE(
    "timeouts, size limit and retries of a location are carried over, with nginx's defaults where it names none") {
    const auto imported = import_http(
        "upstream app { server h:1; server h:2; server h:3; }\nclient_max_body_size 8m;\nproxy_read_timeout 120s;\n"
        "server { location / { proxy_connect_timeout 2s; proxy_pass http://app; } }");
    CHECK(upstream_of(imported, "app").find(R"("timeouts":{"connect":"2s","response_head":"2m","idle":"2m"})") !=
          std::string::npos);
    CHECK(
        routes_of(imported) ==
        R"([{"name":"default","split":{"app":1},"limits":{"body":"8MiB"},"timeouts":{"tunnel_idle":"2m"},"retries":{"attempts":2}}])");
    const auto plain = import_http("server { location / { proxy_pass http://127.0.0.1:1; proxy_next_upstream off; } }");
    CHECK(routes_of(plain).find(R"("limits":{"body":"1MiB"},"retries":{"attempts":0})") != std::string::npos);
    CHECK(upstream_of(plain, "127.0.0.1-1").find(R"("timeouts":{"connect":"1m","response_head":"1m"})") !=
          std::string::npos);
}

TEST_CASE("a health check of a location becomes that of its upstream") {
    const auto imported = import_http(
        "upstream app { server h:1; }\nserver { location / { proxy_pass http://app;\n"
        "health_check interval=2s fails=3 passes=2 uri=/readyz; } }");
    CHECK(upstream_of(imported, "app").find(R"("health":{"type":"http","path":"/readyz","interval":"2s"})") !=
          std::string::npos);
}

TEST_CASE("the outermost resolver becomes that of the process") {
    const auto imported = import_http(
        "resolver 10.0.0.2 127.0.0.1:5353 [2001:db8::53]:53 [::1] valid=30s;\nresolver_timeout 5s;\n"
        "server { location / { resolver dns.internal ipv6=off;\n proxy_pass http://h:1; } }");
    const auto& resolver = imported.model.process.resolver;
    CHECK(resolver.servers == std::vector<std::string>{"10.0.0.2", "127.0.0.1:5353", "[2001:db8::53]:53", "[::1]"});
    CHECK(resolver.timeout == std::chrono::seconds(5));
    CHECK(notes_of(imported) ==
          "2 changed: resolver 10.0.0.2 127.0.0.1:5353 [2001:db8::53]:53 [::1] valid=30s\n"
          "4 changed: resolver dns.internal ipv6=off\n");
    const auto named =
        import_http("server { location / { resolver dns.internal 8.8.8.8 ipv6=off; proxy_pass http://h:1; } }");
    CHECK(named.model.process.resolver.servers == std::vector<std::string>{"8.8.8.8"});
    CHECK(notes_of(named).find("lost: resolver dns.internal") != std::string::npos);
    CHECK(import_http("server { location / { proxy_pass http://h:1; } }").model.process.resolver ==
          switchyard::config::Resolver{});
}
