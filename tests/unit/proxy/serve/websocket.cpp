// WebSocket (RFC 6455) through a tunnel: a real handshake, and an endpoint that echoes frames.
#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <string>
#include <vector>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

enum Opcode : unsigned char { text = 1, binary = 2, closing = 8, ping = 9, pong = 10 };

struct Frame {
    Opcode opcode = text;
    std::string payload;
};

std::string accept_key(const std::string& key) {
    const std::string input = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
    unsigned char out[32];
    const int size = EVP_EncodeBlock(out, digest, SHA_DIGEST_LENGTH);
    return {reinterpret_cast<char*>(out), static_cast<std::size_t>(size)};
}

std::string write_frame(const Frame& frame, bool masked) {
    std::string out(1, static_cast<char>(0x80 | frame.opcode));
    const std::size_t size = frame.payload.size();
    const unsigned mask_bit = masked ? 0x80u : 0u;
    if (size < 126) {
        out += static_cast<char>(mask_bit | size);
    } else {
        const int bytes = size < 65536 ? 2 : 8;
        out += static_cast<char>(mask_bit | (bytes == 2 ? 126u : 127u));
        for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xff);
    }
    const char mask[4] = {'\x12', '\x34', '\x56', '\x78'};
    if (masked) out.append(mask, 4);
    for (std::size_t i = 0; i < size; ++i)
        out += masked ? static_cast<char>(frame.payload[i] ^ mask[i % 4]) : frame.payload[i];
    return out;
}

// Takes one whole frame from the front; false when more bytes are needed.
bool read_frame(std::string& bytes, Frame& out, bool must_be_masked) {
    if (bytes.size() < 2) return false;
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    REQUIRE((at(0) & 0xf0) == 0x80);
    REQUIRE(((at(1) & 0x80) != 0) == must_be_masked);
    std::size_t size = at(1) & 0x7f, head = 2;
    const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() < head + extended + (must_be_masked ? 4 : 0)) return false;
    if (extended != 0) size = 0;
    for (std::size_t i = 0; i < extended; ++i) size = size << 8 | at(head++);
    const std::size_t mask = head;
    if (must_be_masked) head += 4;
    if (bytes.size() < head + size) return false;
    out.opcode = static_cast<Opcode>(at(0) & 15);
    out.payload = bytes.substr(head, size);
    for (std::size_t i = 0; must_be_masked && i < size; ++i)
        out.payload[i] = static_cast<char>(out.payload[i] ^ bytes[mask + i % 4]);
    bytes.erase(0, head + size);
    return true;
}

// What an echo endpoint does with what has come in so far.
void echo(Crank& crank, Wire& endpoint) {
    endpoint.read();
    Frame frame;
    while (read_frame(endpoint.seen, frame, true)) {
        if (frame.opcode == ping) frame.opcode = pong;
        const bool last = frame.opcode == closing;
        crank.send(endpoint, write_frame(frame, false));
        if (last) endpoint.shutdown_send();
    }
}

}  // namespace

TEST_CASE("a WebSocket is shaken by the hand, echoes text, binary, pings and large frames, and closes in order") {
    Stage stage;
    Crank& crank = *stage.crank;
    Wire client = stage.client();
    crank.send(client,
               "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Protocol: chat\r\n\r\n");
    Wire endpoint = stage.accept();
    const auto asked = crank.see(endpoint, "\r\n\r\n");
    const auto key_at = asked.find("Sec-WebSocket-Key: ");
    REQUIRE(key_at != asked.npos);
    const auto key = asked.substr(key_at + 19, 24);
    endpoint.take();
    crank.send(
        endpoint,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
            accept_key(key) + "\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
    const auto answered = crank.see(client, "\r\n\r\n");
    // The value of RFC 6455 §1.3 for this key.
    CHECK(answered.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != answered.npos);
    client.take();

    std::string large;
    for (int i = 0; i < 200'000; ++i) large += static_cast<char>(i * 31);
    const std::vector<Frame> frames = {
        {text, "hello"}, {binary, large.substr(0, 300)}, {ping, "are you there"}, {text, ""}, {binary, large}};
    for (const Frame& sent : frames) {
        CAPTURE(static_cast<int>(sent.opcode));
        const std::string bytes = write_frame(sent, true);
        std::string_view left = bytes;
        Frame got;
        crank.until("the echo", [&] {
            left.remove_prefix(client.write(left));
            echo(crank, endpoint);
            client.read();
            return read_frame(client.seen, got, false);
        });
        CHECK(got.opcode == (sent.opcode == ping ? pong : sent.opcode));
        CHECK(got.payload == sent.payload);
    }
    crank.send(client, write_frame({closing, std::string("\x03\xe8", 2)}, true));
    Frame farewell;
    crank.until("the farewell", [&] {
        echo(crank, endpoint);
        client.read();
        return read_frame(client.seen, farewell, false);
    });
    CHECK(farewell.opcode == closing);
    crank.see_end(client);
    CHECK(client.ended);
    client.close();
    crank.until("the end of the tunnel", [&] { return stage.in_flight() == 0; });
}
