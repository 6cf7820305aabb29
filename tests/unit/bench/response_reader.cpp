#include "bench/yardbench/engine/response_reader.h"

#include <doctest/doctest.h>

using yardbench::Colours;
using yardbench::ResponseReader;
using yardbench::Wanted;
using Progress = yardbench::ResponseReader::Progress;

namespace {

const Wanted kWanted{"X-Forum-Colour", Colours({"blue", "green"})};

struct Case {
    const char* what;
    std::string bytes;
    Progress progress;
    unsigned status;
    bool keep_alive;
    std::string body;
};

const Case kCases[] = {
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Progress::complete, 200, true, "hello"},
    {"no body at all", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", Progress::complete, 200, true, ""},
    {"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", Progress::complete, 204, true, ""},
    {"304 has no body whatever it says", "HTTP/1.1 304 x\r\nContent-Length: 7\r\n\r\n", Progress::complete, 304, true,
     ""},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
     Progress::complete, 200, true, "abc0123456789"},
    {"chunks with a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
     Progress::complete, 200, true, "a"},
    {"an interim response first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
     Progress::complete, 201, true, "x"},
    {"Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", Progress::complete, 200,
     false, "x"},
    {"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", Progress::complete, 200, false, "x"},
    {"HTTP/1.0 keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
     Progress::complete, 200, true, "x"},
    {"until close is not over yet", "HTTP/1.1 200 OK\r\n\r\nabc", Progress::more, 200, false, "abc"},
    {"close and keep-alive: it closes",
     "HTTP/1.1 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 1\r\n\r\nx", Progress::complete, 200, false,
     "x"},
    {"close behind a tab", "HTTP/1.1 200 OK\r\nConnection: x,\tclose\r\nContent-Length: 1\r\n\r\nx", Progress::complete,
     200, false, "x"},
    {"the same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", Progress::complete,
     200, true, "x"},
    {"two lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
     Progress::malformed, 200, true, ""},
    {"an interim response with a length, then one until close",
     "HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc", Progress::more, 200, false,
     "abc"},
    {"a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", Progress::malformed, 0, true, ""},
    {"a status without words", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Progress::complete, 200, true, ""},
    {"noise that does not end", "hello world\n", Progress::malformed, 0, true, ""},
    {"an answer of HTTP/0.9", "<html>", Progress::malformed, 0, true, ""},
    {"lines that end in LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", Progress::malformed, 0, true, ""},
    {"not HTTP", "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n", Progress::malformed, 0, true, ""},
    {"a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", Progress::malformed, 200, true, ""},
    {"a chunk size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     Progress::malformed, 200, true, ""},
    {"a chunk that is longer than it said", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
     Progress::malformed, 200, true, ""},
};

}  // namespace

TEST_CASE("a response is read the same whole or cut into pieces of any size") {
    for (const Case& one : kCases) {
        for (std::size_t piece = 1; piece <= one.bytes.size(); ++piece) {
            CAPTURE(one.what);
            CAPTURE(piece);
            ResponseReader reader(&kWanted);
            reader.begin(false, true);
            Progress progress = Progress::more;
            std::size_t at = 0;
            while (at < one.bytes.size() && progress == Progress::more) {
                std::size_t used = 0;
                progress = reader.feed(std::string_view(one.bytes).substr(at, piece), used);
                at += used;
            }
            REQUIRE(progress == one.progress);
            REQUIRE(reader.status() == one.status);
            if (progress == Progress::malformed) continue;
            REQUIRE(at == one.bytes.size());
            REQUIRE(reader.keep_alive() == one.keep_alive);
            REQUIRE(reader.body() == one.body);
        }
    }
}

TEST_CASE("bytes after the end of a response are left alone") {
    ResponseReader reader(&kWanted);
    reader.begin(false, false);
    std::size_t used = 0;
    CHECK(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", used) == Progress::complete);
    CHECK(used == 40);
}

TEST_CASE("the answer to HEAD has no body though it has a length") {
    ResponseReader reader(&kWanted);
    reader.begin(true, false);
    std::size_t used = 0;
    CHECK(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", used) == Progress::complete);
}

TEST_CASE("the colour and the generation are found, in any case of letters, and forgotten for the next response") {
    ResponseReader reader(&kWanted);
    reader.begin(false, false);
    std::size_t used = 0;
    reader.feed(
        "HTTP/1.1 200 OK\r\nx-forum-COLOUR: green\r\nX-Switchyard: generation=43; route=forum; upstream=green\r\n"
        "Content-Length: 0\r\n\r\n",
        used);
    CHECK(reader.colour() == 2);
    CHECK(reader.generation() == 43);
    reader.begin(false, false);
    reader.feed("HTTP/1.1 200 OK\r\nX-Forum-Colour: purple\r\nContent-Length: 0\r\n\r\n", used);
    CHECK(reader.colour() == Colours::kOther);
    CHECK(reader.generation() == 0);
}

TEST_CASE("a close in the middle is told apart from a close at the end") {
    ResponseReader reader(&kWanted);
    std::size_t used = 0;
    reader.begin(false, true);
    reader.feed("HTTP/1.1 200 OK\r\n\r\nabc", used);
    CHECK(reader.end_of_stream() == Progress::complete);
    reader.begin(false, true);
    reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", used);
    CHECK(reader.end_of_stream() == Progress::malformed);
    reader.begin(false, true);
    CHECK(reader.end_of_stream() == Progress::more);
}

TEST_CASE("header() finds what was kept") {
    ResponseReader reader(&kWanted);
    std::size_t used = 0;
    reader.begin(false, true);
    reader.feed("HTTP/1.1 201 Created\r\nLocation:  /posts/ab12 \r\nContent-Length: 0\r\n\r\n", used);
    CHECK(reader.header("location") == "/posts/ab12");
    CHECK(reader.header("absent").empty());
}
