// One connection is one of many: whatever it sends, the others have their turn.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;
using switchyard::serve::TurnBudget;

namespace {

const std::string kNobody = "GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n";

std::string many(const std::string& what, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += what;
    return out;
}

// Only for one host: everything else is answered here.
struct Answering : Stage {
    Answering() : Stage(1, R"("match": {"hosts": ["a"]})") {}
    std::size_t answered() {
        std::size_t sum = 0;
        for (const auto& cell : crank->report().cells)
            for (const auto count : cell.cell->by_class) sum += count;
        return sum;
    }
};

}  // namespace

TEST_CASE("a client that pipelines has so many answers per turn, and all of them in the end") {
    constexpr std::size_t kRequests = 300;
    Answering stage;
    Wire greedy = stage.client();
    REQUIRE(greedy.write(many(kNobody, kRequests)) == kRequests * kNobody.size());
    std::size_t turns = 0;
    for (std::size_t all = 0; all < kRequests; ++turns) {
        stage.crank->context.poller.turn();
        const auto now = stage.answered();
        CHECK(now <= TurnBudget::kExchanges);
        all += now;
    }
    CHECK(turns >= kRequests / TurnBudget::kExchanges);
}

TEST_CASE("whoever asks beside a client that pipelines is answered in the next turn") {
    Answering stage;
    Wire greedy = stage.client(), patient = stage.client();
    greedy.write(many(kNobody, 300));
    stage.crank->context.poller.turn();
    patient.write(kNobody);
    stage.crank->context.poller.turn();
    patient.read();
    CHECK(status_of(patient.seen) == "404");
    greedy.read();
    CHECK(count_of(greedy.seen, "HTTP/1.1 404") < 300);
}

TEST_CASE("empty lines without end are refused, and never hold the worker") {
    Stage stage;
    Wire client = stage.client();
    const std::string lines = many("\r\n", 2 * TurnBudget::kOctets);
    std::string_view left = lines;
    while (!left.empty() && !client.cut && !client.ended) {
        left.remove_prefix(client.write(left));
        stage.crank->context.poller.turn();
        client.read();
    }
    CHECK(status_of(client.seen) == "400");
}

TEST_CASE("an empty line before a request may come in halves") {
    Answering stage;
    Wire client = stage.client();
    stage.crank->send(client, "\r");
    stage.crank->send(client, "\n" + kNobody);
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "404");
}

TEST_CASE("a pipeline is answered in order, however its requests lie in the buffer") {
    Crank crank(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "routes": [{"name": "moved", "redirect": {"to": "/new{path}", "status": 302}}]})");
    Wire client = crank.client();
    std::string sent, expected;
    for (int i = 0; i < 400; ++i) {
        const std::string path = "/" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), 'p');
        sent += "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
        expected += "Location: /new" + path + "\r\n";
    }
    crank.send(client, sent);
    crank.until("all the answers", [&] {
        client.read();
        return count_of(client.seen, "HTTP/1.1 302") == 400;
    });
    std::string locations;
    for (auto at = client.seen.find("Location: "); at != std::string::npos; at = client.seen.find("Location: ", at + 1))
        locations += client.seen.substr(at, client.seen.find("\r\n", at) + 2 - at);
    CHECK(locations == expected);
}

TEST_CASE("a download, an upload and a tunnel move so much in a turn, however fast both sides are") {
    const std::string upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    struct Shape {
        std::string name, request, answer;
        bool to_client;
    };
    const Shape kShapes[] = {
        {"download", kGet, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", true},
        {"chunked download", kGet, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5f5e100\r\n", true},
        {"upload", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n", "", false},
        {"tunnel down", upgrade, "HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", true},
        {"tunnel up", upgrade, "HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", false},
    };
    const std::string block(TurnBudget::kOctets, 'b');
    constexpr std::size_t kTurn = TurnBudget::kLongOctets;
    for (const Shape& shape : kShapes) {
        CAPTURE(shape.name);
        Stage stage;
        Wire client = stage.client(), other = stage.client();
        stage.crank->send(client, shape.request);
        Wire endpoint = stage.accept();
        stage.crank->see(endpoint, "\r\n\r\n");
        if (!shape.answer.empty()) {
            stage.crank->send(endpoint, shape.answer);
            stage.crank->see(client, "\r\n\r\n");
        }
        Wire& source = shape.to_client ? endpoint : client;
        Wire& sink = shape.to_client ? client : endpoint;
        // As much as the kernel holds before the worker looks, and more whenever it has.
        std::size_t moved = 0;
        for (int turns = 0; turns < 300 && moved < 40 * kTurn; ++turns) {
            while (source.write(block) == block.size()) {
            }
            stage.crank->context.poller.turn();
            sink.seen.clear();
            while (const auto got = sink.read()) moved += got;
            // The kernel may hold some of it for more to come: what there was of turns bounds what has come by then.
            CHECK(moved <= (static_cast<std::size_t>(turns) + 1) * 2 * kTurn);
        }
        CHECK(moved >= 40 * kTurn);
        // Who asks in the middle of it is answered at once.
        other.write("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n");
        stage.crank->context.poller.turn();
        other.read();
        CHECK(status_of(other.seen) == "400");
    }
}
