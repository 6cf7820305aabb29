#include "proxy/serve/request_text.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace switchyard;
using serve::RequestText;

namespace {

struct Desk {
    net::BufferPool pool;
    net::Buffer in{pool};
    serve::Lane lane{in};
    RequestText text{pool};

    bool put(const std::string& head) {
        net::Buffer buffer(pool);
        std::memcpy(buffer.room().data(), head.data(), head.size());
        buffer.filled(head.size());
        return text.put_head(buffer);
    }
    void arrive(const std::string& octets) {
        std::memcpy(in.room().data(), octets.data(), octets.size());
        in.filled(octets.size());
    }
};

}  // namespace

TEST_CASE("a request's text keeps its small body through every head that it gets") {
    Desk desk;
    REQUIRE(desk.put("PUT /old\r\n\r\n"));
    desk.arrive("bodyGET /next");
    desk.text.take_body(desk.lane, {http::Body::Kind::length, 4});
    CHECK(desk.text.has_body());
    CHECK(desk.text.all() == "PUT /old\r\n\r\nbody");
    CHECK(desk.in.unread() == "GET /next");
    REQUIRE(desk.put("PUT /a/longer/one\r\n\r\n"));
    CHECK(desk.text.all() == "PUT /a/longer/one\r\n\r\nbody");
    REQUIRE(desk.put("PUT /b\r\n\r\n"));
    CHECK(desk.text.all() == "PUT /b\r\n\r\nbody");
}

TEST_CASE("a body that is not here as a whole, has no length, or does not fit stays where it is") {
    for (const http::Body& body : {http::Body{http::Body::Kind::length, 5}, http::Body{http::Body::Kind::chunked, 0},
                                   http::Body{http::Body::Kind::length, 0}}) {
        Desk desk;
        REQUIRE(desk.put("PUT /\r\n\r\n"));
        desk.arrive("body");
        desk.text.take_body(desk.lane, body);
        CHECK_FALSE(desk.text.has_body());
        CHECK(desk.in.unread() == "body");
    }
    Desk desk;
    REQUIRE(desk.put("PUT /\r\n\r\n"));
    desk.arrive(std::string(15'000, 'x'));
    desk.text.take_body(desk.lane, {http::Body::Kind::length, 15'000});
    REQUIRE(desk.text.has_body());
    CHECK_FALSE(desk.put(std::string(10'000, 'h')));
    CHECK(desk.text.all().starts_with("PUT /"));  // as it was
}
