#include "proxy/upstream/session_key.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/upstream/upstream.h"

using namespace switchyard::upstream;

namespace {

Upstream of_two() {
    Upstream out;
    out.name = "app";
    for (const char* address : {"10.0.0.1:80", "10.0.0.2:80"}) {
        Endpoint endpoint;
        endpoint.text = address;
        endpoint.session_key = session_key(out.name, address);
        out.endpoints.push_back(endpoint);
    }
    return out;
}

std::string text_of(std::uint64_t key) {
    std::string out(kSessionKeySize, ' ');
    write_session_key(key, out.data());
    return out;
}

}  // namespace

TEST_CASE("the cookie leads back to its endpoint and shows nothing of the address") {
    const Upstream app = of_two();
    for (std::size_t i = 0; i < 2; ++i) {
        const auto cookie = text_of(app.endpoints[i].session_key);
        CHECK(endpoint_of_session(app, cookie) == static_cast<std::int32_t>(i));
        CHECK(cookie.find_first_not_of("0123456789abcdef") == cookie.npos);
    }
}

TEST_CASE("the same address in another upstream is another session") {
    CHECK(session_key("app", "10.0.0.1:80") != session_key("other", "10.0.0.1:80"));
}

TEST_CASE("cookies that we have not written name nobody") {
    const Upstream app = of_two();
    const auto good = text_of(app.endpoints[0].session_key);
    for (const std::string& bad : {std::string(), std::string("x"), good + "0", good.substr(1), std::string(16, 'g'),
                                   std::string("0123456789ABCDEF"), std::string(16, '0')}) {
        CAPTURE(bad);
        CHECK(endpoint_of_session(app, bad) == -1);
    }
}
