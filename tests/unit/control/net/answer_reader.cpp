#include "control/net/answer_reader.h"

#include <doctest/doctest.h>

using switchyard::control::net::AnswerReader;
using Outcome = AnswerReader::Outcome;

namespace {

constexpr std::size_t kMost = 1024;

// Fed octet by octet, and at once: the same is read.
struct Found {
    explicit Found(const std::string& text, bool head_only = false, const std::string& method = "GET")
        : reader(method, head_only) {
        AnswerReader slow(method, head_only);
        std::string octets, all = text;
        Outcome slowly = Outcome::more;
        for (std::size_t i = 0; i < text.size() && slowly == Outcome::more; ++i) {
            octets += text[i];
            slowly = slow.feed(octets, kMost);
        }
        outcome = reader.feed(all, kMost);
        rest = all;
        CHECK(outcome == slowly);
        CHECK(reader.status() == slow.status());
        CHECK(reader.body() == slow.body());
        CHECK(reader.headers() == slow.headers());
        CHECK(reader.why() == slow.why());
        CHECK(reader.keep_alive() == slow.keep_alive());
    }
    AnswerReader reader;
    Outcome outcome;
    std::string rest;
};

}  // namespace

TEST_CASE("an answer as its framing says, whatever stands behind it stays") {
    Found whole("HTTP/1.1 200 OK\r\nX-Index: 7\r\nContent-Length: 3\r\n\r\nonetwo");
    CHECK(whole.outcome == Outcome::done);
    CHECK(whole.reader.status() == 200);
    CHECK(whole.reader.headers().at("x-index") == "7");
    CHECK(whole.reader.body() == "one");
    CHECK(whole.reader.keep_alive());
    CHECK(whole.rest == "two");
    Found chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\nTrailer: x\r\n\r\nmore");
    CHECK(chunked.outcome == Outcome::done);
    CHECK(chunked.reader.body() == "one");
    CHECK(chunked.rest == "more");
    Found none("HTTP/1.1 204 No Content\r\n\r\nmore");
    CHECK(none.outcome == Outcome::done);
    CHECK(none.rest == "more");
    CHECK(Found("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", false, "HEAD").outcome == Outcome::done);
}

TEST_CASE("what has no length ends with its connection, and half of what has one does not") {
    Found open("HTTP/1.1 200 OK\r\n\r\nsome");
    CHECK(open.outcome == Outcome::more);
    CHECK(open.reader.ended() == Outcome::done);
    CHECK(open.reader.body() == "some");
    CHECK_FALSE(open.reader.keep_alive());
    Found half("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\non");
    CHECK(half.outcome == Outcome::more);
    CHECK(half.reader.ended() == Outcome::more);
    CHECK(Found("HTTP/1.1 200 OK\r\n").reader.ended() == Outcome::more);
}

TEST_CASE("interim answers are passed over, and a head alone may be enough") {
    const std::string text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nbegun";
    Found head(text, true);
    CHECK(head.outcome == Outcome::done);
    CHECK(head.reader.status() == 200);
    CHECK_FALSE(head.reader.headers().contains("link"));
    CHECK(head.reader.body().empty());
    CHECK(Found("HTTP/1.1 103 Early Hints\r\n\r\n").outcome == Outcome::more);
}

TEST_CASE("what traffic would not take is refused in words, and so is more than is wanted") {
    struct Row {
        const char* text;
        const char* why;
    };
    for (const Row& row :
         {Row{"what?\r\n\r\n", "the answer is refused: its head is malformed or too large"},
          Row{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "the answer is refused: "},
          Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
              "the answer is refused: its chunks are malformed"},
          Row{"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n", "the answer is larger than 1 KiB"}}) {
        CAPTURE(row.text);
        Found found(row.text);
        CHECK(found.outcome == Outcome::refused);
        CHECK(found.reader.why().starts_with(row.why));
    }
    AnswerReader open("GET", false);
    std::string octets = "HTTP/1.1 200 OK\r\n\r\n" + std::string(kMost + 1, 'x');
    CHECK(open.feed(octets, kMost) == Outcome::refused);
}
