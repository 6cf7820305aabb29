// What guards something in nginx opens for no client when it is carried over: allowed as there, or closed.
#include <doctest/doctest.h>

#include "config/nginx_import/summary.h"
#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

const std::string kTwoApps = "upstream app { server 127.0.0.1:9001; }\nupstream other { server 127.0.0.1:9002; }\n";
const std::string kToApp = "proxy_pass http://app; proxy_set_header Host $http_host; ";

NginxImport guarded_server(const std::string& text) {
    return import_http(kTwoApps + "server { " + text + " }");
}

// Of the first route: its rules with what they lead to, then what it does itself.
std::string first_route(const NginxImport& imported) {
    if (imported.model.routes.empty()) return "nothing";
    const Route& route = imported.model.routes.front();
    std::string out;
    if (!route.access.empty()) out += nlohmann::ordered_json::parse(routes_of(imported)).at(0)["access"].dump() + "; ";
    const auto json = nlohmann::ordered_json::parse(routes_of(imported)).at(0);
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
        const Rule& rule = route.rules[i];
        out += json["rules"][i]["when"].dump() + " → " +
               (rule.deny != 0          ? "deny " + std::to_string(rule.deny)
                : rule.upstream.empty() ? std::to_string(rule.respond.status)
                                        : rule.upstream) +
               "; ";
    }
    if (!route.split.empty()) return out + route.split.front().first;
    return out + (route.redirect.to.empty() ? std::to_string(route.respond.status) : route.redirect.to);
}

// Of a server: its routes by expression, where they lead and what path they send on.
std::string expressions(const std::string& server) {
    std::string out;
    for (const Route& route : guarded_server(server).model.routes) {
        const Match& match = route.match;
        if (match.path_matches.empty()) continue;
        out += match.path_prefix +
               (match.before_prefixes      ? " first "
                : match.before_expressions ? " firm "
                                           : " ") +
               match.path_matches + " → ";
        out += !route.split.empty()         ? route.split.front().first
               : !route.redirect.to.empty() ? route.redirect.to
                                            : std::to_string(route.respond.status);
        for (const Rewrite& way : route.rewrite) out += " as " + way.matches + " " + way.to;
        out += "; ";
    }
    return out;
}

std::string one_location(const std::string& location) {
    return first_route(guarded_server("location / { " + location + kToApp + "}"));
}

}  // namespace

TEST_CASE("addresses become the access list of the route, in which the narrowest decides as in nginx the first") {
    CHECK(one_location("allow 10.0.0.0/8; allow 192.0.2.1; deny all; ") ==
          R"({"allow":["10.0.0.0/8","192.0.2.1"]}; app)");
    CHECK(one_location("deny 192.0.2.0/24; ") == R"({"deny":["192.0.2.0/24"]}; app)");
    CHECK(one_location("deny 10.0.0.1; allow 10.0.0.0/8; deny all; ") ==
          R"({"allow":["10.0.0.0/8"],"deny":["10.0.0.1"]}; app)");
    CHECK(one_location("allow 10.0.0.1; deny 10.0.0.0/8; ") ==
          R"({"allow":["10.0.0.1","all"],"deny":["10.0.0.0/8"]}; app)");
    CHECK(one_location("allow 10.0.0.1; deny 10.0.0.0/8; allow all; deny ::1; ") ==
          R"({"allow":["10.0.0.1","all"],"deny":["10.0.0.0/8"]}; app)");
    // What stands behind a wider block never decides.
    CHECK(one_location("deny 10.0.0.0/8; allow 10.0.0.1; ") == R"({"deny":["10.0.0.0/8"]}; app)");
    CHECK(one_location("allow 10.0.0.0/8; deny 10.0.0.1; ") == "app");
    CHECK(one_location("satisfy all; allow ::1; deny all; ") == R"({"allow":["::1"]}; app)");
    // `if` comes before: its answer is given to every client.
    CHECK(one_location("if ($http_x = 1) { return 410; } deny 10.0.0.0/8; ") ==
          R"({"header":"X","equals":"1"} → 410; {"client":"10.0.0.0/8"} → deny 403; app)");
    CHECK(one_location("allow 10.0.0.0/8; ") == "app");
    CHECK(one_location("deny all; ") == "403");
    CHECK(one_location("allow unix:; deny all; ") == "403");
    CHECK(one_location("deny unix:; allow all; ") == "403");
    // Of the http block, of the server, or of both: the innermost that says something.
    CHECK(first_route(import_http(kTwoApps + "deny all; server { location / { " + kToApp + "} }")) == "403");
    CHECK(first_route(import_http(kTwoApps + "deny all; server { allow all; location / { " + kToApp + "} }")) == "app");
}

TEST_CASE("who is let in by the address in a header is let in by it here, or nobody is") {
    const std::string list = "set_real_ip_from 10.0.0.1; allow 192.0.2.1; deny all; ";
    const std::string place = "location / { " + kToApp + "}";
    const std::string guarded = R"({"allow":["192.0.2.1"]}; app)";
    struct Row {
        std::string block;
        const char* header;
    };
    for (const Row& row : {Row{list + place, "X-Real-IP"},
                           {"real_ip_header CF-Connecting-IP; " + list + place, "CF-Connecting-IP"},
                           {"real_ip_header X-Forwarded-For; " + list + place, ""},
                           {"real_ip_header proxy_protocol; " + list + place, ""}}) {
        CAPTURE(row.block);
        const auto imported = guarded_server(row.block);
        CHECK(first_route(imported) == guarded);
        CHECK(imported.model.listeners.at(0).client_header == row.header);
        CHECK(imported.model.listeners.at(0).trusted_proxies == std::vector<std::string>{"10.0.0.1"});
    }
    // In a location alone the listener does not do it.
    CHECK(first_route(guarded_server("location / { " + list + kToApp + "}")) == "403");
    CHECK(first_route(guarded_server("location / { real_ip_header X-Forwarded-For; " + list + kToApp + "}")) == "403");
    CHECK(first_route(guarded_server("set_real_ip_from 10.0.0.1; location / { real_ip_header X-A; " + list + kToApp +
                                     "}")) == "403");
    // Two servers at one address that read it from two places.
    const auto two = import_http(kTwoApps + "server { server_name a.example; real_ip_header X-A; " + list + place +
                                 "} server { server_name b.example; real_ip_header X-B; " + list + place + "}");
    REQUIRE(two.model.listeners.size() == 1);
    CHECK(two.model.listeners[0].client_header == "X-A");
    std::size_t closed = 0;
    for (const auto& route : two.model.routes) closed += route.respond.status == 403;
    CHECK(closed == 1);
    CHECK(guarded_server("set_real_ip_from unix:; " + place).model.listeners.at(0).trusted_proxies ==
          std::vector<std::string>{"unix"});
}

TEST_CASE("what Switchyard cannot ask for is closed, says so, and says how to open it") {
    for (const std::string guard :
         {"auth_basic staff; auth_basic_user_file /x; ", "auth_request /auth; ", "auth_jwt realm; ",
          "access_by_lua_block { ngx.exit(403) } ", "allow 10.0.0.0/8; deny all; auth_basic staff; "}) {
        CAPTURE(guard);
        const auto imported = guarded_server("location / { " + guard + kToApp + "}");
        CHECK(first_route(imported) == "403");
        const auto summary = summarize(imported);
        CHECK(words_of(summary) == "not usable as it is: 1 guard is closed (403)");
        bool opens = false;
        for (const Note& note : imported.notes) opens = opens || note.advice.find("\"app\": 1") != std::string::npos;
        CHECK(opens);
    }
    CHECK(one_location("auth_basic off; ") == "app");
    CHECK(first_route(guarded_server("auth_basic staff; location / { auth_basic off; " + kToApp + "}")) == "app");
    CHECK(first_route(guarded_server("ssl_verify_client on; location / { " + kToApp + "}")) == "403");
    // A client from there needs no password: the others are refused.
    CHECK(one_location("satisfy any; allow 10.0.0.0/8; deny all; auth_basic staff; ") ==
          R"({"allow":["10.0.0.0/8"]}; app)");
}

TEST_CASE("a location inside is closed by what guards the one around it") {
    const auto imported =
        guarded_server("location /a/ { auth_basic x; location /a/b/ { " + kToApp + "} } location / { " + kToApp + "}");
    for (const Route& route : imported.model.routes)
        if (route.match.path_prefix.starts_with("/a/b")) CHECK(route.respond.status == 403);
}

TEST_CASE("a named location has the doors of the one that leads there, and its own") {
    CHECK(first_route(guarded_server(
              "location / { allow 10.0.0.0/8; deny all; try_files $uri @app; } location @app { " + kToApp + "}")) ==
          R"({"not":{"client":"10.0.0.0/8"}} → deny 403; app)");
    CHECK(first_route(guarded_server("location / { try_files $uri @app; } location @app { deny all; " + kToApp +
                                     "}")) == "403");
}

TEST_CASE("limit_except refuses the other methods to whom it does not let in") {
    CHECK(one_location("limit_except GET { deny all; } ") ==
          R"({"not":{"method":true,"in":["GET","HEAD"]}} → deny 403; app)");
    CHECK(
        one_location("limit_except GET POST { allow 10.0.0.0/8; deny all; } ") ==
        R"({"all":[{"not":{"method":true,"in":["GET","POST","HEAD"]}},{"not":{"client":"10.0.0.0/8"}}]} → deny 403; app)");
    CHECK(one_location("limit_except GET { auth_basic x; } ") ==
          R"({"not":{"method":true,"in":["GET","HEAD"]}} → deny 403; app)");
}

TEST_CASE("an `if` that refuses is a rule; where its test has no counterpart the place is closed") {
    CHECK(one_location("if ($http_x_key != secret) { return 403; } ") ==
          R"({"not":{"header":"X-Key","equals":"secret"}} → 403; app)");
    CHECK(one_location("if ($http_user_agent ~ Bot) { return 444; } ") ==
          R"({"header":"User-Agent","matches":"Bot"} → 403; app)");
    CHECK(one_location("if ($ssl_client_verify != SUCCESS) { return 403; } ") == "403");
    CHECK(one_location("if ($invalid_referer) { return 403; } ") == "403");
    // Of the server: it comes before every location.
    CHECK(first_route(guarded_server("if ($arg_debug) { return 404; } location / { " + kToApp + "}"))
              .starts_with(R"({"all":[{"query":"debug","present":true})"));
    // A server that answers by itself does so after its `if`.
    CHECK(first_route(guarded_server("if ($http_x = 1) { return 403; } return 301 https://b.example$request_uri;")) ==
          R"({"header":"X","equals":"1"} → 403; https://b.example{path}?{query})");
}

TEST_CASE("a location by regular expression is a route, asked before the prefixes") {
    const std::string other = "proxy_pass http://other; proxy_set_header Host $http_host; ";
    CHECK(expressions("location / { " + kToApp + "} location ~ ^/(api|pictrs)/ { " + other + "}") ==
          "/ first ^/(api|pictrs)/ → other; ");
    CHECK(expressions("location / { " + kToApp + "} location ~ /\\.ht { deny all; }") == "/ first /\\.ht → 403; ");
    CHECK(expressions("location / { " + kToApp + "} location ~* \\.PHP$ { fastcgi_pass unix:/f; }") ==
          "/ first \\.[Pp][Hh][Pp]$ → 501; ");
    // With all that a location has.
    CHECK(expressions("location / { " + kToApp +
                      "} location ~ ^/x { proxy_set_header X-Role admin; proxy_pass http://other; }") ==
          "/ first ^/x → other; ");
    CHECK(expressions("location / { " + kToApp + "} location ~ ^/x/ { rewrite ^/x/(.*)$ /$1 break; " + other + "}") ==
          "/ first ^/x/ → other as ^/x/(.*)$ /{1}; ");
    CHECK(expressions("location / { " + kToApp + "} location ~ ^/old/(.*)$ { return 301 /new/$1; }") ==
          "/ first ^/old/(.*)$ → /new/{1}; ");
    CHECK(expressions("location / { " + kToApp +
                      "} location ~ ^/u/(\\d+)/(.*)$ { proxy_pass http://other/$2$is_args$args; }") ==
          "/ first ^/u/(\\d+)/(.*)$ → other as  /{2}; ");
    CHECK(expressions("location / { " + kToApp + "} location ~ ^/u/(\\d+)$ { proxy_pass http://other/user?id=$1; }") ==
          "/ first ^/u/(\\d+)$ → other as  /user?id={1}; ");
    // Groups of an `if` are other groups.
    CHECK(expressions("location / { " + kToApp +
                      "} location ~ ^/old/(.*)$ { if ($http_x ~ (a)) { set $y $1; } return 301 /new/$1; }") ==
          "/ first ^/old/(.*)$ → 501; ");
    // An expression that has no counterpart: whatever it may take, in its turn.
    CHECK(expressions("location / { " + kToApp + "} location ~ ^/adm(?<=m)in { deny all; } location ~ ^/ { " + other +
                      "}") == "/ first ^/adm → 501; / first ^/ → other; ");
    CHECK(expressions("location / { " + kToApp + "} location ~ (?<=a)b { deny all; }") == "/ first ^/ → 501; ");
    // Not below ^~, not at an exact path; those inside a prefix in it.
    const auto beside =
        guarded_server("location ^~ /static/ { " + kToApp + " location ~ \\.js$ { deny all; } } location = /x.php { " +
                       kToApp + "} location ~ \\.php$ { deny all; } location / { " + kToApp + "}");
    for (const Route& route : beside.model.routes) {
        CHECK(route.rules.empty());
        CHECK(route.match.before_expressions ==
              (route.match.path_prefix == "/static/" && route.match.path_matches.empty()));
        if (route.match.path_matches == "\\.js$") CHECK(route.match.path_prefix == "/static/");
    }
    // Without a location for the rest they are not the default server's.
    CHECK(first_route(guarded_server("location ~ ^/api/ { " + kToApp + "}")) == "404");
    // With doors of its own.
    const auto doors =
        guarded_server("location / { " + kToApp + "} location ~ ^/x { allow 10.0.0.0/8; deny all; " + kToApp + "}");
    CHECK(doors.model.routes.at(1).access.allow == std::vector<std::string>{"10.0.0.0/8"});
    // Inside another one: a rule of its route, and asked first.
    const auto inside = guarded_server("location / { " + kToApp + "} location ~ ^/x { " + kToApp +
                                       " location ~ \\.key$ { deny all; } }");
    REQUIRE(inside.model.routes.size() == 2);
    CHECK(inside.model.routes[1].rules.at(0).respond.status == 403);
    CHECK(inside.model.routes[1].rules.at(0).when.values == std::vector<std::string>{"\\.key\\n?$"});
}

TEST_CASE("a rewrite of some paths is carried over, and so is a redirect of some") {
    const std::string app = "proxy_pass http://app; proxy_set_header Host $http_host; ";
    const auto rewritten = [&](const std::string& inside) {
        const auto imported = guarded_server("location / { " + inside + app + "}");
        std::string out;
        for (const Rewrite& way : imported.model.routes.back().rewrite) out += way.matches + " " + way.to + "; ";
        return out + notes_of(imported);
    };
    CHECK(rewritten("rewrite ^/item/(\\d+)$ /show?id=$1 break; ") == "^/item/(\\d+)$ /show?id={1}&{query}; ");
    CHECK(rewritten("rewrite ^/item/(\\d+)$ /show?id=$1? break; ") == "^/item/(\\d+)$ /show?id={1}?; ");
    CHECK(rewritten("rewrite ^/a/(.*)\\.html$ /$1 break; rewrite ^/b/(.*) /c/$1? break; ") ==
          "^/a/(.*)\\.html$ /{1}; ^/b/(.*) /c/{1}?; ");
    CHECK(rewritten("rewrite ^/a/(.*)\\.html$ /$2 break; ").ends_with("lost: rewrite ^/a/(.*)\\.html$ /$2 break\n"));
    CHECK(rewritten("rewrite ^/a/(.*)\\.html$ /$1 last; ").ends_with("lost: rewrite ^/a/(.*)\\.html$ /$1 last\n"));
    CHECK(expressions("location / { rewrite ^/old/(\\w+)$ /new/$1 permanent; " + app + "}") ==
          "/ ^/old/(\\w+)$ → /new/{1}?{query}; ");
    // Before any location.
    CHECK(expressions("rewrite ^/old/(\\w+)$ https://b.example/$1? redirect; location / { " + app + "}") ==
          "/ first ^/old/(\\w+)$ → https://b.example/{1}; ");
    CHECK(notes_of(guarded_server("rewrite ^/old/(\\w+)$ /$1 redirect; location = /old/x { " + app + "} location / { " +
                                  app + "}"))
              .find("lost: rewrite") != std::string::npos);
}

TEST_CASE("what an answer says of places and cookies is carried over") {
    const auto answers = [](const std::string& inside) {
        const auto imported = guarded_server("location /a/ { " + inside + " proxy_set_header Host $http_host; }");
        const Route& route = imported.model.routes.back();
        std::string out;
        for (const auto* list : {&route.answers.location, &route.answers.cookie_domain, &route.answers.cookie_path}) {
            for (const auto& way : *list) out += way.from + "→" + way.to + " ";
            out += "; ";
        }
        return out + route.expires + notes_of(imported);
    };
    // An endpoint that is asked for the client's host says nothing of its own.
    CHECK(answers("proxy_pass http://app;") == "; ; ; ");
    CHECK(answers("proxy_pass http://app; proxy_redirect default;") == "http://app/→/ ; ; ; ");
    CHECK(answers("proxy_pass http://app/v1/; proxy_redirect default;") == "http://app/v1/→/a/ ; ; ; ");
    const auto by_name = guarded_server("location /a/ { proxy_pass http://api.example/v1/; }");
    REQUIRE(by_name.model.routes.back().answers.location.size() == 1);
    CHECK(by_name.model.routes.back().answers.location[0] == Substitution{"http://api.example/v1/", "/a/"});
    CHECK(answers("proxy_pass http://app; proxy_redirect off;") == "; ; ; ");
    CHECK(answers("proxy_pass http://app; proxy_redirect default; proxy_redirect http://b/ $scheme://$host/;") ==
          "http://app/→/ http://b/→http://{host}/ ; ; ; ");
    CHECK(
        answers(
            "proxy_pass http://app; proxy_redirect off; proxy_cookie_domain app.lan $host; proxy_cookie_path / /a/;") ==
        "; app.lan→{host} ; /→/a/ ; ");
    CHECK(answers("proxy_pass http://app; proxy_redirect ~^http://x/ /;")
              .ends_with("lost: proxy_redirect ~^http://x/ /\n"));
    CHECK(answers("proxy_pass http://app; proxy_redirect off; expires 1h;") == "; ; ; 1h");
    CHECK(answers("proxy_pass http://app; proxy_redirect off; expires -1;") == "; ; ; no-cache");
}

TEST_CASE("a prefix that refuses does so for what goes on without a slash") {
    CHECK(expressions("location / { " + kToApp + "} location /admin { deny all; }") == "/ ^/admin → 403; ");
    CHECK(expressions("location / { " + kToApp + "} location ^~ /a/admin { internal; " + kToApp + "}") ==
          "/a firm ^/a/admin → 404; ");
    CHECK(expressions("location / { " + kToApp + "} location /admin/ { deny all; }").empty());
}

TEST_CASE("servers at different addresses stay apart") {
    const auto imported = import_http(
        kTwoApps + "server { listen 80; location / { " + kToApp +
        "} }\n"
        "server { listen 127.0.0.1:8082; location / { proxy_pass http://other; proxy_set_header Host $http_host; } }\n"
        "server { listen 9090; server_name metrics.example; location /metrics { return 200 x; } }");
    const auto& routes = imported.model.routes;
    REQUIRE(routes.size() == 3);
    CHECK(routes.at(0).match.listeners == std::vector<std::string>{"port-80"});
    CHECK(routes.at(1).match.listeners == std::vector<std::string>{"127.0.0.1-8082"});
    CHECK(routes.at(2).match.listeners == std::vector<std::string>{"port-9090"});
    CHECK(routes.at(2).match.hosts.empty());  // it is the only one there, and takes any host
    // One that listens at two, default at one of them.
    const auto two = import_http(kTwoApps + "server { listen 80; server_name a; location / { " + kToApp +
                                 "} }\nserver { listen 80; listen 8081; server_name b; location / { return 204; } }");
    std::string places;
    for (const Route& route : two.model.routes) {
        for (const auto& listener : route.match.listeners) places += listener + " ";
        for (const auto& host : route.match.hosts) places += host + " ";
        places += "; ";
    }
    CHECK(places == "port-80 ; port-8081 ; port-80 b ; ");
}

TEST_CASE("a server whose address cannot be carried over listens nowhere") {
    const auto imported = import_http(kTwoApps + "server { listen not:an:address; location / { " + kToApp +
                                      "} }\n"
                                      "server { listen 80; location / { return 204; } }");
    CHECK(imported.model.listeners.size() == 1);
    CHECK(first_route(imported) == "204");
}

TEST_CASE("hosts by expression have routes of their own, and what RE2 cannot say is named") {
    const auto imported =
        import_http(kTwoApps + "server { listen 80; server_name admin.example; location / { " + kToApp +
                    "} }\n"
                    "server { listen 80; server_name ~^admin\\. www.shop.*; location / { deny all; } }");
    std::string hosts;
    for (const Route& route : imported.model.routes) {
        for (const auto& host : route.match.hosts) hosts += host;
        hosts += route.match.host_matches + " → " +
                 (route.split.empty() ? std::to_string(route.respond.status) : "app") + "; ";
    }
    // The default server's own name is not left to the expression; masks come before those.
    CHECK(hosts == "admin.example → app;  → app; ^www\\.shop\\.[^/]+$ → 403; ^[Aa][Dd][Mm][Ii][Nn]\\. → 403; ");
    CHECK(notes_of(import_http(kTwoApps + "server { listen 80; server_name ~^a(?=b); location / { " + kToApp + "} }"))
              .find("lost: server_name") != std::string::npos);
}

TEST_CASE("the summary counts by theme and says in a word whether it can be used") {
    CHECK(words_of(summarize(guarded_server("location / { " + kToApp + "}"))) == "usable");
    const auto tls = guarded_server(
        "listen 443 ssl; ssl_certificate a; ssl_stapling on; sub_filter a b; location / { " + kToApp + "}");
    const auto summary = summarize(tls);
    CHECK(words_of(summary) == "usable behind a TLS terminator");
    REQUIRE(summary.themes.size() == 2);
    CHECK(summary.themes[0].name == "TLS and HTTP/2");
    CHECK(summary.themes[0].lost == 3);
    CHECK(summary.themes[1].name == "bodies");
    CHECK(words_of(summarize(guarded_server("location / { fastcgi_pass unix:/f; }"))) ==
          "not usable as it is: 1 route answers 501");
}

TEST_CASE("what a guard goes by is carried over whole, or what it guards is closed") {
    const auto guarded = [](const std::string& definitions, const std::string& test,
                            const std::string& in_server = "") {
        return first_route(import_http(definitions + "\n" + kTwoApps + "server { server_name a.test b.test; " +
                                       in_server + " location / { " + test + kToApp + "} }"));
    };
    const std::string guard = "if ($bad) { return 403; } ";
    struct Row {
        std::string definitions, expected;
    };
    for (
        const Row& row : {
            // By the host, inside a location, where a host has no route of its own.
            Row{"map $host $bad { a.test 1; }", R"({"host":"a.test"} → 403; app)"},
            {"map $host $one { a.test yes; } map $one $bad { yes 1; }", R"({"host":"a.test"} → 403; app)"},
            // By masks of hosts: names first, then the longest.
            {"map $host $bad { hostnames; *.a.test 0; .a.test 1; }",
             R"({"all":[{"not":{"host":true,"matches":"^.+\\.[Aa]\\.[Tt][Ee][Ss][Tt]$"}},{"host":true,"matches":"^(.+\\.)?[Aa]\\.[Tt][Ee][Ss][Tt]$"}]} → 403; app)"},
            // nginx compares words of a map without regard to case.
            {"map $http_x $bad { Evil 1; }", R"({"header":"X","matches":"^[Ee][Vv][Ii][Ll]$"} → 403; app)"},
            // What stands for a default that no request may get by mistake.
            {"map $server_port $bad { 81 1; }", "403"},
            {"map $server_port $one { 81 1; } map $one $bad { 1 1; }", "403"},
            {"map $host$uri $bad { ~admin 1; }", "403"},
            {"geo $http_x_forwarded_for $bad { 10.0.0.0/8 1; }", "403"},
            {"geo $bad { ranges; 10.0.0.0-10.0.0.9 1; }", "403"},
            {"map $uri $bad { ~^/(?!ok) 1; }", "403"},
        }) {
        CAPTURE(row.definitions);
        CHECK(guarded(row.definitions, guard) == row.expected);
    }
    CHECK(routes_of(import_http("map $request_method $bad { post 1; }" + kTwoApps + "server { location / { " + guard +
                                kToApp + "} }"))
              .find(R"("methods":["POST"])") != std::string::npos);
    // It stays in doubt on the way from one variable to the next.
    const std::string doubtful = "map $server_port $one { 81 1; }";
    CHECK(guarded(doubtful, "set $bad $one; " + guard) == "403");
    CHECK(guarded(doubtful, "set $bad 0; if ($one) { set $bad 1; } " + guard) == "403");
    CHECK(guarded(doubtful, guard, "set $bad 0; if ($args) { set $bad 1; }") == "403");
    CHECK(guarded(doubtful, "set $bad $one; set $bad 0; " + guard) == "app");
    // Where traffic goes by it, the default serves as before.
    CHECK(guarded("map $server_port $pool { default app; 81 other; }", "") == "app");
}

TEST_CASE("what is rewritten into a place that refuses all requests is refused") {
    const auto server = [](const std::string& rewrite, const std::string& inside = "") {
        return first_route(guarded_server(rewrite + " location / { " + inside + kToApp +
                                          "} location = /denied { return 403; } location /admin/ { deny all; " +
                                          kToApp + "}"));
    };
    CHECK(server("if ($http_x != 1) { rewrite ^/admin /denied last; }") ==
          R"({"all":[{"not":{"header":"X","equals":"1"}},{"path":true,"matches":"^/admin"}]} → 403; app)");
    CHECK(server("rewrite ^/x$ /admin/$1 last;") == R"({"path":true,"matches":"^/x\\n?$"} → 403; app)");
    CHECK(server("", "if ($http_x) { rewrite ^ /admin/z last; } ") ==
          R"({"all":[{"header":"X","present":true},{"not":{"header":"X","in":["","0"]}}]} → 403; app)");
    CHECK(server("rewrite ^/(?!x) /denied last;") == "403");
    CHECK(server("", "rewrite ^ /denied last; ") == "403");
    CHECK(server("rewrite ^/x$ /elsewhere last;") == "app");
}

TEST_CASE("a prefix that refuses some requests and strips itself does so for what goes on without a slash") {
    const auto imported = guarded_server(
        "location /api/users { if ($http_x) { return 401; } proxy_pass http://app/users; } location / { return 404; }");
    CHECK(routes_of(imported).find(R"("rewrite":[{"matches":"^/api/users(.*)$","to":"/users{1}"}])") !=
          std::string::npos);
}

TEST_CASE("an expression that refuses does so before a last line's end, where PCRE takes '$' for the end as well") {
    const auto first = [](const std::string& text) { return routes_of(guarded_server(text)); };
    CHECK(first("location ~ \\.php$ { deny all; } location / { " + kToApp + "}").find(R"("\\.php\\n?$")") !=
          std::string::npos);
    CHECK(first("location ~ \\.php$ { " + kToApp + "}").find(R"("\\.php$")") != std::string::npos);
    CHECK(one_location("if ($uri ~ ^/admin$) { return 403; } ") ==
          R"({"path":true,"matches":"^/admin\\n?$"} → 403; app)");
}

TEST_CASE("a redirect of what comes in clear is kept, or the import says that https is not enforced") {
    const std::string to_https = " return 301 https://$host$request_uri; ";
    const auto server = [&](const std::string& listen, const std::string& test) {
        return import_http(kTwoApps + "server { listen " + listen + "; " + test + " location / { " + kToApp + "} }");
    };
    CHECK(first_route(server("8080", "if ($scheme = http) {" + to_https + "}")) == "https://{host}{path}?{query}");
    CHECK(first_route(server("8080", "if ($https = \"\") {" + to_https + "}")) == "https://{host}{path}?{query}");
    CHECK(first_route(server("8080", "if ($scheme = https) { return 403; }")) == "app");
    for (const std::string& test : std::vector<std::string>{
             "if ($http_x_forwarded_proto = http) {" + to_https + "}",
             "if ($http_x_forwarded_proto != https) { rewrite ^ https://$host$request_uri permanent; }",
             "if ($server_port = 80) {" + to_https + "}"}) {
        CAPTURE(test);
        CHECK(words_of(summarize(server("8080", test))) == "not usable as it is: https is not enforced");
    }
}
