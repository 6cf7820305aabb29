// `grpc_pass` and what is said for calls beside what is said for other requests.
#include <doctest/doctest.h>

#include "tests/unit/config/nginx_import/import_fixture.h"

using namespace switchyard::config;

TEST_CASE("grpc_pass speaks HTTP/2 to endpoints, and goes by grpc_… alone") {
    const auto imported = import_http(
        "upstream cart { server 10.0.0.1:50051; }\nproxy_set_header X-For web; grpc_set_header X-For calls; "
        "grpc_read_timeout 20s;\nserver { listen 80;\n"
        "location /shop.Cart { grpc_pass grpc://cart; }\n"
        "location /bare { grpc_pass 10.0.0.2:50051; }\n"
        "location /secure { grpc_ssl_verify on; grpc_ssl_trusted_certificate /tls/ca.pem; grpc_ssl_server_name on; "
        "grpc_pass grpcs://cart.inside:443; }\n"
        "location / { proxy_pass http://cart; } }");
    CHECK(notes_of(imported).find("lost") == std::string::npos);
    const auto& upstreams = imported.model.upstreams;
    CHECK(upstreams.at("cart").protocol == EndpointProtocol::http2);
    CHECK_FALSE(upstreams.at("cart").tls);
    CHECK(upstreams.at("cart").timeouts.idle == std::chrono::seconds(20));
    CHECK(upstreams.at("cart-clear").protocol == EndpointProtocol::http1);
    CHECK(upstreams.at("10.0.0.2-50051").protocol == EndpointProtocol::http2);
    const auto& secure = upstreams.at("cart.inside-443");
    CHECK(secure.protocol == EndpointProtocol::http2);
    REQUIRE(secure.tls);
    CHECK(secure.tls->verify);
    CHECK(secure.tls->ca == "/tls/ca.pem");
    CHECK(secure.tls->server_name == "cart.inside");
    for (const Route& route : imported.model.routes) {
        CAPTURE(route.name);
        const bool web = route.match.path_prefix == "/";
        CHECK(route.request_headers.set.at("X-For") == (web ? "web" : "calls"));
    }
}

TEST_CASE("what is no address of gRPC is refused in words, and what calls need not is said so") {
    const auto imported = import_http(
        "server { listen 80; location /a { grpc_pass http://10.0.0.1:1; }\n"
        "location /b { grpc_pass 10.0.0.1:1; grpc_buffer_size 8k; grpc_intercept_errors on; } }");
    const auto notes = notes_of(imported);
    CHECK(notes.find("grpc_pass") != std::string::npos);
    bool said = false, unneeded = false;
    for (const auto& note : imported.notes) {
        said = said || note.advice.find("expected grpc:// or grpcs://") != std::string::npos;
        unneeded = unneeded || (note.what.starts_with("grpc_buffer_size") && note.kind == Note::Kind::unneeded);
    }
    CHECK(said);
    CHECK(unneeded);
}

TEST_CASE("a check by gRPC asks for the service that was asked for") {
    const auto imported = import_http(
        "upstream cart { zone z 64k; server 10.0.0.1:50051; }\nserver { listen 80 http2;\n"
        "location / { grpc_pass grpc://cart; health_check type=grpc grpc_service=shop.Cart interval=2s; } }");
    const auto& health = imported.model.upstreams.at("cart").health;
    CHECK(health.type == Health::Type::grpc);
    CHECK(health.service == "shop.Cart");
    CHECK(health.interval == std::chrono::seconds(2));
    CHECK(notes_of(imported).find("lost") == std::string::npos);
    CHECK(notes_of(imported).find("health_check") == std::string::npos);
    const auto status = import_http(
        "server { listen 80; location / { grpc_pass 10.0.0.1:50051; health_check type=grpc grpc_status=12; } }");
    CHECK(notes_of(status).find("lost: health_check") != std::string::npos);
    const auto web =
        import_http("server { listen 80; location / { proxy_pass http://10.0.0.1:80; health_check type=grpc; } }");
    CHECK(notes_of(web).find("lost: health_check") != std::string::npos);
    CHECK(web.model.upstreams.at("10.0.0.1-80").health.type != Health::Type::grpc);
}
