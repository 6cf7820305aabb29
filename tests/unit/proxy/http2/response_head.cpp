#include "proxy/http2/response_head.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http/framing.h"
#include "proxy/http2/body_watch.h"

using namespace switchyard;
using http2::BodyWatch;
using http2::ResponseHead;

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

struct Answered {
    std::array<char, http::kMaxHead> text;
    http::Head head;
    ResponseHead wall{text, head};
    const char* why = nullptr;

    explicit Answered(const Lines& fields, bool end_stream = false) {
        for (const auto& [name, value] : fields) wall.field(name, value);
        why = wall.end(end_stream);
    }
    std::string lines() const {
        std::string out;
        for (std::uint16_t i = 0; i < head.field_count; ++i) {
            const http::Field& field = head.fields[i];
            out.append(text.data() + field.name.offset, field.line_end - field.name.offset);
        }
        return out;
    }
};

}  // namespace

TEST_CASE("a response becomes the head that HTTP/1 would have had, and the guard behind takes it") {
    Answered answered({{":status", "200"},
                       {"content-type", "text/plain"},
                       {"set-cookie", "a=1"},
                       {"set-cookie", "b=2"},
                       {"content-length", "5"}});
    REQUIRE(answered.why == nullptr);
    CHECK(answered.head.status == 200);
    CHECK_FALSE(answered.wall.interim());
    CHECK(answered.lines() ==
          "content-type: text/plain\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 5\r\n");
    const http::Guarded guarded = http::guard_response(answered.text.data(), answered.head, "GET");
    CHECK(guarded.refused == nullptr);
    CHECK(guarded.body.length == 5);
    CHECK(Answered({{":status", "204"}}, true).why == nullptr);
    CHECK(Answered({{":status", "103"}, {"link", "</a>"}}).wall.interim());
}

TEST_CASE("what is no response is refused, whatever stands beside the fault") {
    const Lines refused[] = {
        {},
        {{"content-length", "5"}},
        {{":status", "101"}},
        {{":status", "99"}},
        {{":status", "099"}},
        {{":status", "600"}},
        {{":status", "1000"}},
        {{":status", ""}},
        {{":status", "2 0"}},
        {{":status", "+20"}},
        {{":status", "200 OK"}},
        {{":status", "200"}, {":status", "200"}},
        {{":status", "200"}, {":path", "/"}},
        {{":method", "GET"}},
        {{":status", "200"}, {":foo", "x"}},
        {{"a", "b"}, {":status", "200"}},
        {{":status", "200"}, {"Server", "x"}},
        {{":status", "200"}, {"a b", "x"}},
        {{":status", "200"}, {"", "x"}},
        {{":status", "200"}, {"a:", "x"}},
        {{":status", "200"}, {"a", "x\r\nset-cookie: y"}},
        {{":status", "200"}, {"a", "x\ny"}},
        {{":status", "200"}, {"a", std::string("x\0y", 3)}},
        {{":status", "200"}, {"a", " x"}},
        {{":status", "200"}, {"a", "x\t"}},
        {{":status", "200"}, {"connection", "close"}},
        {{":status", "200"}, {"transfer-encoding", "chunked"}},
        {{":status", "200"}, {"keep-alive", "timeout=5"}},
        {{":status", "200"}, {"upgrade", "h2c"}},
        {{":status", "200"}, {"proxy-connection", "x"}},
        {{":status", "200"}, {"content-length", "5"}, {"content-length", "5"}},
    };
    for (const Lines& fields : refused) {
        std::string all;
        for (const auto& [name, value] : fields) all += name + "=" + value + " ";
        CAPTURE(all);
        CHECK(Answered(fields).why != nullptr);
        Lines more = fields;
        more.emplace_back("behind", "it");
        CHECK(Answered(more).why != nullptr);
    }
    CHECK(Answered({{":status", "100"}}, true).why != nullptr);
}

TEST_CASE("a head holds as many fields and octets as an HTTP/1 head may, and not one more") {
    Lines many{{":status", "200"}};
    for (std::size_t i = 0; i < http::kMaxFields; ++i) many.emplace_back("a", "b");
    CHECK(Answered(many).why == nullptr);
    many.emplace_back("a", "b");
    CHECK(Answered(many).why != nullptr);
    const std::size_t beside = std::string("a: \r\n").size();
    CHECK(Answered({{":status", "200"}, {"a", std::string(http::kMaxHead - beside, 'x')}}).why == nullptr);
    CHECK(Answered({{":status", "200"}, {"a", std::string(http::kMaxHead - beside + 1, 'x')}}).why != nullptr);
}

TEST_CASE("a body is as long as it was said to be, or it is a fault") {
    const auto watch = [](const char* length, bool bodiless = false) {
        Lines fields{{":status", "200"}};
        if (length != nullptr) fields.emplace_back("content-length", length);
        const Answered answered(fields);
        return BodyWatch(answered.text.data(), answered.head, bodiless);
    };
    BodyWatch five = watch("5");
    CHECK_FALSE(five.end());
    CHECK(five.data(3));
    CHECK_FALSE(five.end());
    CHECK_FALSE(BodyWatch(five).data(3));
    CHECK(five.data(2));
    CHECK(five.end());
    CHECK(five.data(0));
    CHECK_FALSE(five.data(1));

    BodyWatch any = watch(nullptr);
    CHECK(any.end());
    CHECK(any.data(UINT64_MAX));
    CHECK(any.data(1));
    CHECK(any.end());

    BodyWatch none = watch("5", true);
    CHECK(none.end());
    CHECK_FALSE(none.data(1));
    CHECK_FALSE(watch("5x").data(1));
}
