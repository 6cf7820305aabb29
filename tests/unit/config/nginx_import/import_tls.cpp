// `listen … ssl` with its certificates.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

namespace {

std::string tls_text(const NginxImport& imported) {
    std::string out;
    for (const auto& listener : imported.model.listeners) {
        out += (out.empty() ? "" : "; ") + listener.name;
        if (!listener.tls) continue;
        out += " tls";
        for (const auto& name : listener.tls->certificates) out += " " + name;
        if (!listener.tls->by_default.empty()) out += ", default " + listener.tls->by_default;
        if (listener.tls->strict_sni) out += ", strict";
        if (listener.tls->min_version != "1.2") out += ", from " + listener.tls->min_version;
    }
    return out;
}

}  // namespace

TEST_CASE("servers at one address share a listener with the certificates of all") {
    const auto imported = import_http(
        "server { listen 443 ssl; server_name b; ssl_certificate /tls/b.pem; ssl_certificate_key /tls/b.key; return "
        "204; "
        "}\nserver { listen 443 default_server; server_name a; ssl_certificate a.pem; ssl_certificate_key a.key; "
        "return "
        "204; }");
    CHECK(tls_text(imported) == "port-443 tls b a, default a");
    CHECK(imported.model.certificates.at("b") == Certificate{"/tls/b.pem", "/tls/b.key"});
    const auto& relative = imported.model.certificates.at("a").chain;
    CHECK(relative.starts_with("/"));
    CHECK(relative.ends_with("/a.pem"));
    CHECK(notes_of(imported).find("lost") == std::string::npos);
}

TEST_CASE("certificates of http hold for servers that name none, and two kinds of key stand side by side") {
    const auto imported = import_http(
        "ssl_certificate /x.pem; ssl_certificate_key /x.key; ssl_protocols TLSv1.3; ssl_session_tickets off;\n"
        "server { listen 443 ssl; server_name a; return 204; }\n"
        "server { listen 8443 ssl; server_name b; ssl_certificate /e.pem; ssl_certificate_key /e.key;\n"
        "ssl_certificate /r.pem; ssl_certificate_key /r.key; ssl_reject_handshake on; return 204; }");
    CHECK(tls_text(imported) ==
          "port-443 tls a, default a, from 1.3; port-8443 tls b b-2, default b, strict, from 1.3");
}

TEST_CASE("port 80 still redirects where 443 is carried over, and $scheme is https there") {
    const auto imported = import_http(
        "upstream app { server h:1; }\nserver { listen 80; server_name a; return 301 https://$host$request_uri; }\n"
        "server { listen 443 ssl; server_name a; ssl_certificate /a; ssl_certificate_key /k; location / { proxy_pass "
        "http://app; } location /to { return 302 $scheme://b/; } }");
    REQUIRE(imported.model.routes.size() == 3);
    CHECK(imported.model.routes[0].redirect.to == "https://{host}{path}?{query}");
    CHECK(imported.model.routes[0].match.listeners == std::vector<std::string>{"port-80"});
    CHECK(imported.model.routes[1].match.listeners == std::vector<std::string>{"port-443"});
    CHECK(imported.model.routes[2].redirect.to == "https://b/");
    CHECK(notes_of(imported).find("lost") == std::string::npos);
    CHECK(notes_of(imported).find("return") == std::string::npos);
}

TEST_CASE("what a carried TLS loses is said, line by line") {
    const auto imported = import_http(
        "server { listen 443 ssl http2;\nlisten 443 quic;\nssl_certificate /a;\nssl_certificate_key /k;\n"
        "ssl_protocols TLSv1 TLSv1.2;\nssl_ciphers HIGH;\nssl_early_data on;\nssl_stapling on;\nssl_dhparam /d;\n"
        "ssl_password_file /p;\nreturn 204; }");
    CHECK(tls_text(imported) == "port-443 tls default, default default");
    CHECK(notes_of(imported) ==
          "3 lost: listen 443 quic\n6 changed: ssl_protocols TLSv1 TLSv1.2\n"
          "7 changed: ssl_ciphers HIGH\n8 lost: ssl_early_data on\n9 changed: ssl_stapling on\n"
          "11 lost: ssl_password_file /p\n");
}

TEST_CASE("a certificate that is chosen by a variable, or has no key, is not carried over") {
    for (const char* pair : {"ssl_certificate /$ssl_server_name.pem; ssl_certificate_key /k;", "ssl_certificate /a;",
                             "ssl_certificate data:$x; ssl_certificate_key /k;"}) {
        CAPTURE(pair);
        const auto imported = import_http("server { listen 443 ssl; " + std::string(pair) + " return 204; }");
        CHECK(tls_text(imported) == "port-443");
        CHECK(notes_of(imported).find("lost: listen 443 ssl") != std::string::npos);
    }
}

namespace {

const std::string kPair = "ssl_certificate /c; ssl_certificate_key /k; ";
const std::string kServes = "location / { proxy_pass http://app; } }";

std::string first_status(const NginxImport& imported) {
    const auto& route = imported.model.routes.at(0);
    if (!route.rules.empty() && route.rules[0].respond.status != 0)
        return std::to_string(route.rules[0].respond.status);
    return std::to_string(route.respond.status);
}

}  // namespace

TEST_CASE("clients are asked for their certificates by the listener, and by the host where it is another check") {
    const auto imported = import_http(
        "server { listen 443 ssl; server_name a; " + kPair + "return 204; }\nserver { listen 443 ssl; server_name b; " +
        kPair + "ssl_verify_client on; ssl_client_certificate /ca; ssl_crl /crl; ssl_verify_depth 2; return 204; }");
    const auto& tls = *imported.model.listeners.at(0).tls;
    CHECK(tls.client.mode == "none");
    REQUIRE(tls.hosts.size() == 1);
    CHECK(tls.hosts.at("b").client == ClientCertificates{"required", "/ca", "/crl", 2, false});
    CHECK(imported.model.routes.at(1).respond.status == 204);
    CHECK(notes_of(imported).find("lost") == std::string::npos);
    const auto all = import_http("ssl_verify_client optional; ssl_client_certificate /ca;\nserver { listen 443 ssl; " +
                                 kPair + "return 204; }");
    CHECK(all.model.listeners.at(0).tls->client == ClientCertificates{"optional", "/ca", "", 1, false});
}

TEST_CASE("what guards by certificate stays closed where the guard cannot be carried over as it is") {
    const std::string guard = "ssl_verify_client on; ssl_client_certificate /ca; ";
    for (const std::string& servers :
         {"server { listen 80; listen 443 ssl; " + kPair + guard + kServes,
          "server { listen 443 ssl; " + kPair + "ssl_verify_client on; " + kServes,
          "server { listen 443 ssl; " + kPair + guard + "ssl_verify_depth 99; " + kServes,
          "server { listen 443 ssl; server_name *.b; " + kPair + guard + kServes +
              " server { listen 443 ssl default_server; server_name a; " + kPair + "return 200; }"}) {
        CAPTURE(servers);
        CHECK(first_status(import_http("upstream app { server h:1; }\n" + servers)) == "403");
    }
}

namespace {

std::string outward(const NginxImport& imported, const std::string& upstream) {
    const auto& tls = imported.model.upstreams.at(upstream).tls;
    if (!tls) return "clear";
    return std::string(tls->verify ? "verified" : "not verified") + (tls->ca.empty() ? "" : " by " + tls->ca) +
           (tls->server_name.empty() ? "" : " as " + tls->server_name) +
           (tls->certificate.empty() ? "" : " shows " + tls->certificate) +
           (tls->min_version == "1.2" ? "" : " from " + tls->min_version);
}

}  // namespace

TEST_CASE("proxy_pass https:// speaks TLS to endpoints as proxy_ssl_* says") {
    const auto imported = import_http(
        "upstream app { server 10.0.0.1:8443; }\nproxy_ssl_protocols TLSv1.3;\nserver { listen 80;\n"
        "location / { proxy_ssl_verify on; proxy_ssl_trusted_certificate /tls/ca.pem; proxy_ssl_name app.inside; "
        "proxy_ssl_certificate /tls/us.pem; proxy_ssl_certificate_key /tls/us.key; proxy_pass https://app; }\n"
        "location /plain { proxy_pass http://app; }\n"
        "location /else { proxy_ssl_server_name on; proxy_pass https://else.example; }\n"
        "location /port { proxy_pass https://10.0.0.2:9443; } }");
    CHECK(outward(imported, "app") == "verified by /tls/ca.pem as app.inside shows to-endpoints from 1.3");
    CHECK(imported.model.certificates.at("to-endpoints") == Certificate{"/tls/us.pem", "/tls/us.key"});
    // The same block, in another way: an upstream of its own.
    CHECK(outward(imported, "app-clear") == "clear");
    CHECK(imported.model.upstreams.at("app-clear").endpoints == imported.model.upstreams.at("app").endpoints);
    CHECK(outward(imported, "else.example-443") == "not verified as else.example from 1.3");
    CHECK(imported.model.upstreams.at("else.example-443").endpoints.front().address.port == 443);
    CHECK(outward(imported, "10.0.0.2-9443") == "not verified from 1.3");
    CHECK(std::ranges::count_if(imported.notes, [](const auto& note) {
              return note.advice.find("are not verified, as nginx does not") != std::string::npos;
          }) >= 2);
    CHECK(notes_of(imported).find("lost") == std::string::npos);
}

TEST_CASE("authorities of endpoints that are no file are told as lost") {
    const auto imported = import_http(
        "server { listen 80; location / { proxy_ssl_verify on; proxy_ssl_trusted_certificate data:pem; "
        "proxy_pass https://else.example; } }");
    CHECK(outward(imported, "else.example-443") == "verified as else.example");
    CHECK(std::ranges::any_of(imported.notes, [](const auto& note) {
        return note.advice.find("authorities of endpoints must be a file") != std::string::npos;
    }));
}

namespace {

// The listeners with the folders of their challenges, and how many routes there are.
std::string challenges(const NginxImport& imported) {
    std::string out;
    for (const auto& listener : imported.model.listeners)
        if (!listener.acme_challenges.empty()) out += listener.name + " " + listener.acme_challenges + "; ";
    return out + std::to_string(imported.model.routes.size());
}

const std::string kToTls = "location / { return 301 https://$host$request_uri; } }\n";

}  // namespace

TEST_CASE("a location of certbot's challenges is the listener's folder, by root and by alias") {
    const std::string secure = "server { listen 443 ssl; server_name a; " + kPair + "return 204; }\n";
    for (const std::string location :
         {"location /.well-known/acme-challenge/ { root /www; }",
          "location ^~ /.well-known/acme-challenge { default_type text/plain; alias /www/; }",
          "location ~ /\\.well-known/acme-challenge/ { allow all; auth_basic off; root /www; try_files $uri =404; }",
          "root /www; location /.well-known/acme-challenge { }"}) {
        CAPTURE(location);
        const auto imported = import_http("server { listen 80; server_name a; " + location + kToTls + secure);
        CHECK(challenges(imported) == "port-80 /www; 2");
        CHECK(notes_of(imported).find("acme-challenge") == std::string::npos);
    }
    // Where TLS is terminated in front the redirect is left out, and what stands beside it stays.
    const auto terminated = import_http(
        "upstream app { server h:1; }\nserver { listen 80; server_name a;\nlocation /.well-known/acme-challenge/ { "
        "root "
        "/www; }\n" +
        kToTls + "server { listen 443 ssl; server_name a; location / { proxy_pass http://app; } }");
    CHECK(challenges(terminated).starts_with("port-80 /www; "));
    CHECK(notes_of(terminated).find("acme-challenge") == std::string::npos);
}

TEST_CASE("challenges that a listener cannot stand for are said") {
    const auto note = [](const NginxImport& imported, const std::string& words) {
        return std::ranges::any_of(imported.notes,
                                   [&](const auto& one) { return one.advice.find(words) != std::string::npos; });
    };
    const std::string place = "location /.well-known/acme-challenge/ ";
    const auto two = import_http("server { listen 80; server_name a; " + place + "{ root /one; } " + kToTls +
                                 "server { listen 80; server_name b; " + place + "{ root /two; } " + kToTls);
    CHECK(challenges(two).starts_with("port-80 /one; "));
    CHECK(note(two, "has its challenges in /one"));
    const auto secure = import_http("server { listen 443 ssl; " + kPair + place + "{ root /www; } " + kToTls);
    CHECK(challenges(secure).find("/www") == std::string::npos);
    CHECK(note(secure, "name /www as acme_challenges"));
    const auto more = import_http("server { listen 80; location /.well-known { alias /www; } " + kToTls);
    CHECK(challenges(more) == "port-80 /www/acme-challenge; 2");
    CHECK(notes_of(more).find("changed: location /.well-known") != std::string::npos);
    for (const std::string other :
         {"{ proxy_pass http://h:1; }", "{ root /$host; }", "{ deny all; root /www; }", "{ }"})
        CHECK(challenges(import_http("server { listen 80; " + place + other + kToTls)).find("port-80") ==
              std::string::npos);
}
