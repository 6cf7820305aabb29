#include "control/net/http2_question.h"

#include <doctest/doctest.h>

#include <array>
#include <utility>
#include <vector>

#include "proxy/http2/header_encoder.h"

using namespace switchyard;
using control::net::Http2Question;
using http2::FrameType;

namespace {

using SaidFields = std::vector<std::pair<std::string, std::string>>;

std::string said(FrameType type, std::uint8_t flags, std::uint32_t lane, std::string_view payload) {
    std::string out(http2::kFrameHeadSize, '\0');
    http2::write_frame_head(out.data(),
                            {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, lane});
    return out.append(payload);
}

std::string said_head(const SaidFields& fields, bool end) {
    std::array<char, 2'000> room{};
    http2::HeaderEncoder block(room, false);
    for (const auto& [name, value] : fields) REQUIRE(block.add(name, value));
    return said(FrameType::headers, http2::kEndHeaders | (end ? http2::kEndStream : std::uint8_t{0}), 1,
                {room.data(), block.size()});
}

const std::string kSaidSettings = said(FrameType::settings, 0, 0, "");
const std::string kCheck = "GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("a check is asked in HTTP/2, and its status is the answer") {
    Http2Question question(kCheck, "http", 0);
    CHECK(question.take_output().starts_with(http2::kPreface));
    CHECK(question.take_output().empty());
    question.feed(kSaidSettings + said_head({{":status", "103"}}, false), 0);
    CHECK_FALSE(question.over());
    question.feed(said_head({{":status", "204"}}, true), 0);
    CHECK(question.over());
    CHECK(question.status() == 204);
    CHECK(question.error().empty());
}

TEST_CASE("a body that is waited for comes with its trailers, unless it is too large") {
    for (const std::size_t most : {std::size_t{4'096}, std::size_t{3}}) {
        Http2Question question("POST / HTTP/1.1\r\nHost: a\r\n\r\nhello", "https", most);
        CHECK(question.take_output().ends_with("hello"));
        question.feed(kSaidSettings + said_head({{":status", "200"}}, false) + said(FrameType::data, 0, 1, "abcd") +
                          said_head({{"grpc-status", "0"}}, true),
                      0);
        CHECK(question.over());
        CHECK(question.error() == (most == 3 ? "the answer is larger than 0 KiB" : ""));
        if (most == 3) continue;
        CHECK(question.body() == "abcd");
        CHECK(question.trailers() == "grpc-status: 0\r\n");
    }
}

TEST_CASE("what is no answer says why") {
    struct Row {
        std::string said, error;
    };
    const Row rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak HTTP/2"},
        {kSaidSettings + said(FrameType::rst_stream, 0, 1, std::string("\0\0\0\7", 4)), "it takes no more requests"},
        {kSaidSettings + said(FrameType::rst_stream, 0, 1, std::string("\0\0\0\2", 4)), "it has reset the request (2)"},
        {kSaidSettings + said(FrameType::goaway, 0, 0, std::string(8, '\0')), "it takes no more requests"},
        {kSaidSettings + said_head({{"a", "b"}}, true), "the answer is refused: no status"},
        {kSaidSettings + said(FrameType::data, 0, 3, ""), "the answer is refused: its frames are malformed"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.error);
        Http2Question question(kCheck, "http", 0);
        question.feed(row.said, 0);
        CHECK(question.over());
        CHECK(question.error() == row.error);
    }
}
