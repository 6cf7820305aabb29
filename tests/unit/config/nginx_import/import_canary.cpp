// The shapes in which blue/green and canary set-ups are written in nginx: each comes out as one route.
#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

const std::string kColours =
    "upstream blue { server 127.0.0.1:9001; }\nupstream green { server 127.0.0.1:9002; }\nupstream red { server "
    "127.0.0.1:9003; }\n";

// What of the only route matters here: rules, split, sticky.
std::string route(const std::string& http) {
    auto imported = import_http(kColours + http);
    CHECK(imported.model.routes.size() == 1);
    if (imported.model.routes.empty()) return "";
    Route& only = imported.model.routes[0];
    only.limits = {};
    only.retries = {};
    const std::string json = routes_of(imported);
    const std::string start = R"([{"name":"default",)";
    CHECK(json.starts_with(start));
    return json.substr(start.size(), json.size() - start.size() - 2);
}

std::string server(const std::string& inside) {
    return "server { listen 80; location / {" + inside + "} }";
}

const std::string kCanaryByHeader =
    R"("rules":[{"name":"x-release-canary","when":{"header":"X-Release","equals":"canary"},"upstream":"green"}],)"
    R"("split":{"blue":100,"green":0})";

}  // namespace

TEST_CASE("set and if") {
    CHECK(
        route(server(
            R"(set $target blue; if ($http_x_release = "canary") { set $target green; } proxy_pass http://$target;)")) ==
        kCanaryByHeader);
    // On the server, and the variable set in one place and used in another.
    CHECK(route("server { set $target http://blue; if ($http_x_release = canary) { set $target http://green; }"
                "location / { proxy_pass $target; } }") == kCanaryByHeader);
    // Only a part of the name is variable.
    CHECK(
        route(server("set $c b; if ($http_x_release = canary) { set $c gr; } set $d lue; if ($c = gr) { set $d een; } "
                     "proxy_pass http://${c}${d};")) == kCanaryByHeader);
    // proxy_pass inside the if.
    CHECK(route(server("if ($http_x_release = canary) { proxy_pass http://green; } proxy_pass http://blue;")) ==
          kCanaryByHeader);
}

TEST_CASE("map of a header, a cookie and a query parameter") {
    CHECK(route("map $http_x_release $target { default blue; canary green; }" + server("proxy_pass http://$target;")) ==
          kCanaryByHeader);
    CHECK(route("map $cookie_group $target { default http://blue; beta http://green; staff http://green; }" +
                server("proxy_pass $target;")) ==
          R"("rules":[{"name":"group-beta-staff","when":{"cookie":"group","in":["beta","staff"]},"upstream":"green"}],)"
          R"("split":{"blue":100,"green":0})");
    CHECK(
        route("map $arg_v $target { default blue; ~^2\\. green; ~*^three red; }" +
              server("proxy_pass http://$target;")) ==
        R"("rules":[{"name":"v","when":{"query":"v","matches":"^2\\."},"upstream":"green"},)"
        R"({"name":"v-2","when":{"query":"v","matches":"^[Tt][Hh][Rr][Ee][Ee]"},"upstream":"red"}],"split":{"blue":1})");
    // An absent header is an empty one.
    CHECK(route("map $http_x_user $target { default green; \"\" blue; }" + server("proxy_pass http://$target;")) ==
          R"("rules":[{"name":"x-user","when":{"not":{"header":"X-User","present":true}},"upstream":"blue"}],)"
          R"("split":{"green":100,"blue":0})");
}

TEST_CASE("maps that lead to maps") {
    CHECK(route("map $http_x_release $by_header { default \"\"; canary green; }\n"
                "map $by_header $target { default $by_header; \"\" blue; }" +
                server("proxy_pass http://$target;")) == kCanaryByHeader);
    CHECK(
        route(
            "map $cookie_c $by_cookie { default blue; g green; }\nmap $http_h $target { default $by_cookie; r red; }" +
            server("proxy_pass http://$target;")) ==
        R"("rules":[{"name":"h-r","when":{"header":"H","equals":"r"},"upstream":"red"},)"
        R"({"name":"c-g","when":{"cookie":"c","equals":"g"},"upstream":"green"}],"split":{"blue":1})");
}

TEST_CASE("later ifs win over earlier ones, and flags can be joined") {
    CHECK(route(server("set $t blue; if ($http_a = 1) { set $t green; } if ($http_b = 1) { set $t red; } proxy_pass "
                       "http://$t;")) ==
          R"("rules":[{"name":"b-1","when":{"header":"B","equals":"1"},"upstream":"red"},)"
          R"({"name":"a-1","when":{"header":"A","equals":"1"},"upstream":"green"}],"split":{"blue":1})");
    CHECK(route(server(R"(set $f ""; if ($http_a = 1) { set $f "${f}A"; } if ($cookie_b) { set $f "${f}B"; } )"
                       R"(set $t blue; if ($f = AB) { set $t green; } proxy_pass http://$t;)")) ==
          R"("rules":[{"name":"b","when":{"all":[{"cookie":"b","present":true},{"not":{"cookie":"b","in":["","0"]}},)"
          R"({"header":"A","equals":"1"}]},"upstream":"green"}],"split":{"blue":100,"green":0})");
}

TEST_CASE("negated tests, patterns, methods and client addresses") {
    CHECK(route(server("set $t green; if ($http_x_release != canary) { set $t blue; } proxy_pass http://$t;")) ==
          R"("rules":[{"name":"x-release","when":{"not":{"header":"X-Release","equals":"canary"}},"upstream":"blue"}],)"
          R"("split":{"green":100,"blue":0})");
    CHECK(
        route(server("set $t blue; if ($request_method = POST) { set $t green; } proxy_pass http://$t;")) ==
        R"("rules":[{"name":"method-post","when":{"method":"POST"},"upstream":"green"}],"split":{"blue":100,"green":0})");
    CHECK(
        route(server("set $t blue; if ($remote_addr ~ ^10\\.) { set $t green; } proxy_pass http://$t;")) ==
        R"("rules":[{"name":"client-10.0.0.0-8","when":{"client":"10.0.0.0/8"},"upstream":"green"}],"split":{"blue":100,"green":0})");
    CHECK(route(server("set $t blue; if ($http_cookie ~* \"beta=1\") { set $t green; } proxy_pass http://$t;")) ==
          R"("rules":[{"name":"cookie","when":{"header":"Cookie","matches":"[Bb][Ee][Tt][Aa]=1"},"upstream":"green"}],)"
          R"("split":{"blue":100,"green":0})");
    CHECK(route("geo $t { default blue; 10.0.0.0/8 green; 10.1.0.0/16 red; }" + server("proxy_pass http://$t;")) ==
          R"("rules":[{"name":"client-10.1.0.0-16","when":{"client":"10.1.0.0/16"},"upstream":"red"},)"
          R"({"name":"client-10.0.0.0-8","when":{"client":"10.0.0.0/8"},"upstream":"green"}],"split":{"blue":1})");
}

TEST_CASE("split_clients") {
    CHECK(route("split_clients $request_id $t { 5% green; * blue; }" + server("proxy_pass http://$t;")) ==
          R"("split":{"blue":19,"green":1})");
    CHECK(route("split_clients \"${remote_addr}salt\" $t { 0.5% green; 20% red; * blue; }" +
                server("proxy_pass http://$t;")) ==
          R"("split":{"blue":159,"green":1,"red":40},"sticky":{"by":"client","salt":"salt"})");
    CHECK(route("split_clients $cookie_uid $v { 10% http://green; * http://blue; }" + server("proxy_pass $v;")) ==
          R"("split":{"blue":9,"green":1},"sticky":{"by":"cookie:uid"})");
}

TEST_CASE("a header wins, the rest is split") {
    const std::string expected =
        R"("rules":[{"name":"x-release-canary","when":{"header":"X-Release","equals":"canary"},"upstream":"green"}],)"
        R"("split":{"blue":9,"green":1},"sticky":{"by":"cookie:uid"})";
    CHECK(route("split_clients $cookie_uid $share { 10% green; * blue; }\n"
                "map $http_x_release $t { default $share; canary green; }" +
                server("proxy_pass http://$t;")) == expected);
    CHECK(route("split_clients $cookie_uid $share { 10% green; * blue; }" +
                server("set $t $share; if ($http_x_release = canary) { set $t green; } proxy_pass http://$t;")) ==
          expected);
    // By way of a name for the share, tested by if and by map.
    CHECK(route("split_clients $cookie_uid $arm { 10% new; * old; }\nmap $arm $share { new green; old blue; }\n"
                "map $http_x_release $t { default $share; canary green; }" +
                server("proxy_pass http://$t;")) == expected);
    CHECK(route("split_clients $cookie_uid $arm { 10% new; * old; }" +
                server("set $t blue; if ($arm = new) { set $t green; } if ($http_x_release = canary) { set $t green; } "
                       "proxy_pass http://$t;")) == expected);
}

TEST_CASE("what a condition cannot say is noted, and the default serves") {
    const auto imported = import_http(kColours + "map $ssl_client_s_dn $t {\n default blue;\n admin green;\n}\n" +
                                      server("proxy_pass http://$t;"));
    CHECK(imported.model.routes.at(0).rules.empty());
    CHECK(imported.model.routes.at(0).split == Split{{"blue", 1}});
    CHECK(notes_of(imported).starts_with("5 lost: map $ssl_client_s_dn $t\n"));
    const auto files =
        import_http(kColours + server("set $t blue;\nif (-f /tmp/x) { set $t green; }\nproxy_pass http://$t;"));
    CHECK(files.model.routes.at(0).rules.empty());
    CHECK(notes_of(files).find("lost: if (-f /tmp/x)") != std::string::npos);
    const auto open = import_http(kColours + server("proxy_pass http://$http_x_upstream;"));
    CHECK(open.model.routes.at(0).respond.status == 501);
}

TEST_CASE("$request_uri is tested by its path, and where its query matters not at all") {
    const auto notes = [](const std::string& test) {
        const auto imported = import_http(
            kColours + server("set $t blue;\nif ($request_uri " + test + ") { set $t green; }\nproxy_pass http://$t;"));
        return std::to_string(imported.model.routes.at(0).rules.size()) + " rules, " +
               (notes_of(imported).find("lost: if ($request_uri") != std::string::npos      ? "lost"
                : notes_of(imported).find("changed: if ($request_uri") != std::string::npos ? "changed"
                                                                                            : "silent");
    };
    CHECK(notes("~ ^/beta/") == "1 rules, changed");
    CHECK(notes("= /beta") == "1 rules, changed");
    CHECK(notes("= /beta?a=1") == "0 rules, lost");
    CHECK(notes("~ [?&]v=2") == "0 rules, lost");
    CHECK(notes("~ ^/a\\?") == "0 rules, lost");
    CHECK(notes("~* debug=1") == "0 rules, lost");
}
