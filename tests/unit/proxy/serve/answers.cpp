// Kinds of answers as a rollout counts them: of first attempts, whatever their status means to the client.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

// The kinds that were counted, once each.
std::string kinds_of(Stage& stage) {
    std::string out;
    for (const auto& delta : stage.crank->report().cells)
        for (std::size_t i = 0; i < kAnswerKinds; ++i)
            for (std::uint64_t n = 0; n < delta.cell->answers[i]; ++n) out += std::string(kAnswerWords[i].name) + " ";
    return out;
}

}  // namespace

TEST_CASE("an answer is of the kind that its status says, a good one that says nothing is empty") {
    const std::pair<const char*, const char*> kRows[] = {
        {"HTTP/1.1 401 U\r\nContent-Length: 2\r\n\r\nno", "unauthorized "},
        {"HTTP/1.1 403 F\r\nContent-Length: 2\r\n\r\nno", "unauthorized "},
        {"HTTP/1.1 404 N\r\nContent-Length: 2\r\n\r\nno", "not_found "},
        {"HTTP/1.1 429 T\r\nContent-Length: 2\r\n\r\nno", "limited "},
        {"HTTP/1.1 410 G\r\nContent-Length: 2\r\n\r\nno", "other_4xx "},
        {"HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 2\r\n\r\nno", "redirects "},
        {"HTTP/1.1 304 N\r\n\r\n", ""},
        {"HTTP/1.1 200 O\r\nContent-Length: 2\r\n\r\nok", ""},
        {"HTTP/1.1 200 O\r\nContent-Length: 0\r\n\r\n", "empty "},
        {"HTTP/1.1 200 O\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "empty "},
        {"HTTP/1.1 204 N\r\n\r\n", ""},
        {"HTTP/1.1 503 S\r\nContent-Length: 0\r\n\r\n", ""},
    };
    for (const auto& [answer, kind] : kRows) {
        CAPTURE(answer);
        Stage stage(1);
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, answer);
        const std::string text = answer;
        stage.crank->see(client, text.ends_with("\r\n\r\n") ? "\r\n\r\n" : text.substr(text.size() - 2));
        stage.crank->until("the exchange is over", [&] { return stage.in_flight() == 0; });
        CHECK(kinds_of(stage) == kind);
    }
}
