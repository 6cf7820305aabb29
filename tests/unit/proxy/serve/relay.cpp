#include "proxy/serve/relay.h"

#include <doctest/doctest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "tests/support/wire.h"

using namespace switchyard;
using serve::Coding;
using serve::Relay;
using test::ListeningWire;
using test::Wire;
using Step = Relay::Step;
using Kind = http::Body::Kind;

namespace {

// A relay between two lanes on socket pairs: the test writes into `from` and reads at `to`.
struct Bench {
    net::Poller poller;
    net::BufferPool pool;
    net::Buffer buffer{pool}, unused{pool};
    net::Stream source, sink;
    serve::Lane source_lane{buffer, &source}, sink_lane{unused, &sink};
    Wire from, to;
    Relay relay{source_lane, sink_lane};
    serve::TurnBudget budget;
    std::string got;
    Step last = Step::done;

    explicit Bench(bool small_buffers = false) {
        connect(source, from, false);
        connect(sink, to, small_buffers);
    }
    void connect(net::Stream& stream, Wire& wire, bool small) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        wire = Wire(ends[1]);
        if (small) {
            wire.shrink_buffers();
            const int size = 4096;
            ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        }
        REQUIRE(stream.accepted(ends[0], poller));
    }
    Step step() {
        while (poller.turn() > 0) {
        }
        budget.renew();
        return relay.step(budget);
    }
    // With a budget of so many octets.
    void step_with(std::size_t octets) {
        while (poller.turn() > 0) {
        }
        budget.renew();
        budget.moved(serve::TurnBudget::kOctets - octets);
        last = relay.step(budget);
    }
    void read_sink() {
        to.read();
        got += to.take();
    }
};

struct Framing {
    http::Body body;
    std::string wire;  // as the source writes it
    bool close = false;
};

std::vector<Framing> framings(const std::string& data) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx", data.size() / 2);
    const std::string half = data.substr(0, data.size() / 2), rest = data.substr(data.size() / 2);
    char rest_size[20];
    std::snprintf(rest_size, sizeof rest_size, "%zX", rest.size());
    const std::string chunked = (half.empty() ? "" : size + ("\r\n" + half + "\r\n")) +
                                (rest.empty() ? "" : rest_size + (";ext=1\r\n" + rest + "\r\n")) +
                                "0\r\nX-T: 1\r\n\r\n";
    return {{{Kind::length, data.size()}, data, false},
            {{Kind::chunked, 0}, chunked, false},
            {{Kind::until_close, 0}, data, true}};
}

// Undoes a chunked coding the simple way; fails the test when it is not clean.
std::string unchunked(const std::string& text) {
    std::string out;
    std::size_t at = 0;
    for (;;) {
        const auto line = text.find("\r\n", at);
        REQUIRE(line != text.npos);
        const auto size = std::stoul(text.substr(at, line - at), nullptr, 16);
        at = line + 2;
        if (size == 0) break;
        out += text.substr(at, size);
        REQUIRE(text.substr(at + size, 2) == "\r\n");
        at += size + 2;
    }
    REQUIRE(text.substr(at) == "\r\n");
    return out;
}

}  // namespace

TEST_CASE("every framing arrives whole, wherever it is cut and however it is written") {
    for (const std::string& data :
         {std::string(), std::string("x"), std::string("hello, world"), std::string(300, 'y')}) {
        for (const auto& framing : framings(data)) {
            for (const Coding coding : {Coding::plain, Coding::chunked}) {
                for (std::size_t cut = 0; cut <= framing.wire.size(); ++cut) {
                    CAPTURE(static_cast<int>(framing.body.kind));
                    CAPTURE(static_cast<int>(coding));
                    CAPTURE(data.size());
                    CAPTURE(cut);
                    Bench b;
                    const std::string lead = "HEAD\r\n\r\n";
                    b.relay.start(framing.body, 0, lead, coding);
                    b.from.write(framing.wire.substr(0, cut));
                    Step step = b.step();
                    b.from.write(framing.wire.substr(cut));
                    if (framing.close) b.from.shutdown_send();
                    for (int i = 0; i < 5 && step != Step::done; ++i) step = b.step();
                    REQUIRE(step == Step::done);
                    REQUIRE(b.relay.finished());
                    REQUIRE(b.source_lane.body_bytes() == data.size());
                    b.read_sink();
                    REQUIRE(b.got.substr(0, lead.size()) == lead);
                    const std::string body = b.got.substr(lead.size());
                    // A body of length 0 has no coding: there is nothing to say.
                    const bool empty_length = framing.body.kind == Kind::length && data.empty();
                    REQUIRE((coding == Coding::chunked && !empty_length ? unchunked(body) : body) == data);
                    REQUIRE(b.sink_lane.sent_bytes() == b.got.size());
                    REQUIRE(b.buffer.empty());
                }
            }
        }
    }
}

TEST_CASE("a sink that takes a little at a time gets the same bytes, and the source waits meanwhile") {
    std::string data;
    for (int i = 0; i < 300'000; ++i) data += static_cast<char>('a' + i % 26);
    for (const auto& framing : framings(data)) {
        for (const Coding coding : {Coding::plain, Coding::chunked}) {
            CAPTURE(static_cast<int>(framing.body.kind));
            Bench b(true);
            b.relay.start(framing.body, 0, {}, coding);
            std::string_view left = framing.wire;
            Step step = Step::wait_source;
            bool blocked = false, caught_up = false;
            for (int i = 0; i < 100'000 && step != Step::done; ++i) {
                if (!left.empty()) {
                    left.remove_prefix(b.from.write(left));
                    if (left.empty() && framing.close) b.from.shutdown_send();
                }
                step = b.step();
                if (step == Step::wait_sink) {
                    blocked = true;
                    // Nothing is read beyond one block while the sink is blocked; once it has shown that it lags, a
                    // short one.
                    REQUIRE(b.buffer.size() <= (caught_up ? net::BufferPool::kBlock : net::BufferPool::kLong));
                    caught_up = caught_up || !b.buffer.is_long();
                    b.to.read(1000);
                    b.got += b.to.take();
                }
            }
            REQUIRE(step == Step::done);
            b.read_sink();
            CHECK(blocked);
            CHECK((coding == Coding::chunked ? unchunked(b.got) : b.got) == data);
        }
    }
}

TEST_CASE("bytes of the next message are left in the buffer") {
    for (const auto& framing : framings("hello")) {
        if (framing.close) continue;
        Bench b;
        b.relay.start(framing.body, 0, {}, Coding::plain);
        b.from.write(framing.wire + "GET /next");
        REQUIRE(b.step() == Step::done);
        b.read_sink();
        CHECK(b.got == "hello");
        CHECK(b.buffer.unread() == "GET /next");
    }
}

TEST_CASE("a source that ends too early is told from one that ends in time") {
    const auto all = framings("hello, world");
    for (const auto& framing : all) {
        for (std::size_t cut = 0; cut < framing.wire.size(); ++cut) {
            CAPTURE(static_cast<int>(framing.body.kind));
            CAPTURE(cut);
            Bench b;
            b.relay.start(framing.body, 0, {}, Coding::chunked);
            b.from.write(framing.wire.substr(0, cut));
            b.from.shutdown_send();
            Step step = b.step();
            for (int i = 0; i < 3 && step == Step::wait_source; ++i) step = b.step();
            REQUIRE(step == (framing.close ? Step::done : Step::source_closed));
            b.read_sink();
            // What was cut must not look whole: the end of the coding is missing.
            if (!framing.close) REQUIRE(b.got.find("0\r\n\r\n") == b.got.npos);
        }
    }
}

TEST_CASE("broken chunks, a sink that is gone and a body over the limit are told apart") {
    {
        Bench b;
        b.relay.start({Kind::chunked, 0}, 0, {}, Coding::plain);
        b.from.write("3\r\nabcd\r\n");
        CHECK(b.step() == Step::source_bad);
    }
    {
        Bench b;
        b.relay.start({Kind::length, 5}, 0, {}, Coding::plain);
        b.to.close();
        b.from.write("hello");
        CHECK(b.step() == Step::sink_failed);
    }
    {
        Bench b;
        b.relay.start({Kind::chunked, 0}, 4, {}, Coding::chunked);
        b.from.write("5\r\nhello\r\n0\r\n\r\n");
        CHECK(b.step() == Step::too_large);
    }
    {
        Bench b;
        b.relay.start({Kind::chunked, 0}, 5, {}, Coding::plain);
        b.from.write("5\r\nhello\r\n0\r\n\r\n");
        CHECK(b.step() == Step::done);
    }
}

TEST_CASE("a head without a body is one piece, sent when the sink is ready") {
    Bench b;
    b.relay.start({}, 0, "HTTP/1.1 204 No Content\r\n\r\n", Coding::plain);
    CHECK(b.step() == Step::done);
    b.read_sink();
    CHECK(b.got == "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_CASE("a head does not wait for a body that has not begun") {
    Bench b;
    b.relay.start({Kind::length, 5}, 0, "HEAD", Coding::plain);
    CHECK(b.step() == Step::wait_source);
    b.read_sink();
    CHECK(b.got == "HEAD");
    CHECK(!b.sink_lane.waits_for_run());
}

TEST_CASE("a body that flows without end leaves the others their turn, and goes on where it stood") {
    Bench b;
    constexpr std::size_t kBlock = net::BufferPool::kBlock;
    const std::string data(2 * kBlock, 'x');
    b.relay.start({Kind::length, data.size()}, 0, {}, Coding::plain);
    b.from.write(data);
    b.step_with(kBlock - 1);
    CHECK(b.last == Step::others_turn);
    CHECK(b.source_lane.body_bytes() == kBlock);
    b.step_with(kBlock - 1);
    CHECK(b.last == Step::done);
    b.read_sink();
    CHECK(b.got == data);
}

TEST_CASE("a turn that begins with a long body moves a long piece of it, while the sink keeps up") {
    constexpr std::size_t kLong = serve::TurnBudget::kLongOctets;
    for (const Kind kind : {Kind::length, Kind::until_close}) {
        CAPTURE(static_cast<int>(kind));
        Bench b;
        const std::string piece(4096, 'x');
        http::Body body;
        body.kind = kind;
        body.length = 100 * kLong;
        const auto fill = [&] {
            while (b.from.write(piece) == piece.size()) {
            }
        };
        b.relay.start(body, 0, {}, Coding::plain);
        // Of a body without a length nothing is known before the first piece.
        std::uint64_t expected = kind == Kind::length ? 0 : net::BufferPool::kBlock;
        fill();
        if (expected != 0) b.step_with(serve::TurnBudget::kOctets);
        for (int turn = 0; turn < 3; ++turn) {
            fill();
            b.step_with(serve::TurnBudget::kOctets);
            CHECK(b.last == Step::others_turn);
            CHECK(b.source_lane.body_bytes() == (expected += kLong));
            CHECK(!b.buffer.is_long());  // it is lent for as long as something is in it
            b.read_sink();
        }
        // One that has done something else before has less left.
        fill();
        b.step_with(serve::TurnBudget::kOctets - 1);
        CHECK(b.source_lane.body_bytes() == expected + net::BufferPool::kBlock);
    }
}

// The kernel holds what is less than a segment while more is said to follow: of a large body the other side is woken
// once for several pieces. Nothing may stay there when the source falls silent.
TEST_CASE("a piece that is held for the next one goes when no next one comes") {
    Bench b;
    ListeningWire listening;
    b.sink.close();
    Wire away = Wire::connect(listening.port());
    b.to = listening.accept();
    while (!b.to.is_open()) b.to = listening.accept();
    REQUIRE(b.sink.accepted(away.release(), b.poller));
    const auto held = [&] {
        int octets = -1;
        REQUIRE(::ioctl(b.sink.descriptor(), SIOCOUTQNSD, &octets) == 0);
        return static_cast<std::size_t>(octets);
    };
    const std::string piece(net::BufferPool::kBlock, 'p');
    http::Body body;
    body.kind = Kind::length;
    body.length = 3 * piece.size();
    b.relay.start(body, 0, {}, Coding::plain);
    for (std::size_t i = 1; i <= 3; ++i) {
        CAPTURE(i);
        REQUIRE(b.from.write(piece) == piece.size());
        b.step_with(serve::TurnBudget::kOctets - 1);  // short reads, which it fills
        if (i == 3) {
            CHECK(b.last == Step::done);
        } else {
            CHECK(b.last == Step::others_turn);
            CHECK(held() == piece.size());
            CHECK(b.step() == Step::wait_source);
        }
        CHECK(held() == 0);
    }
    while (b.got.size() < 3 * piece.size()) b.read_sink();
    CHECK(b.got == piece + piece + piece);
}
