// Answers of a route that compresses: what the client gets, when it gets it, and what is not compressed.
#include <doctest/doctest.h>

#include "exchanges.h"
#include "http2_stage.h"
#include "proxy/compress/coder_shelf.h"
#include "tests/support/decoders.h"

using namespace switchyard;
using namespace switchyard::test;
using config::Encoding;

namespace {

const std::string kCompress = R"("compress": {"encodings": ["zstd", "br", "gzip"]})";

std::string get(const std::string& accept, const std::string& method = "GET") {
    return method + " / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: " + accept + "\r\n\r\n";
}

std::string page(std::size_t size) {
    std::string out;
    for (std::size_t i = 0; out.size() < size; ++i) out += "line " + std::to_string(i * i) + "\n";
    out.resize(size);
    return out;
}

std::string answer_of(const std::string& body, const std::string& lines = "Content-Type: text/html\r\n") {
    return "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

// The endpoint's end of a request that was just sent.
Wire asked(Stage& stage, Wire& client, const std::string& request) {
    stage.crank->send(client, request);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    endpoint.take();
    return endpoint;
}

CodedCounts coded(Stage& stage) {
    CodedCounts sum;
    for (const auto& cell : stage.crank->report().cells) sum += cell.cell->coded;
    return sum;
}

// What of a chunked answer that goes on can be decoded now.
std::string so_far(Encoding encoding, const std::string& answer) {
    return decode(encoding, unchunk(body_of(answer))).text;
}

}  // namespace

TEST_CASE("a client gets the coding it likes best, and the same body") {
    for (const auto& [accept, encoding] : {std::pair{"gzip", Encoding::gzip}, std::pair{"br", Encoding::brotli},
                                           std::pair{"gzip, br, zstd", Encoding::zstd}})
        for (const std::size_t size : {1024U, 4000U, 30'000U, 300'000U}) {
            Stage stage(1, kCompress);
            Wire client = stage.client();
            Wire endpoint = asked(stage, client, get(accept));
            const std::string body = page(size);
            stage.crank->send(endpoint,
                              answer_of(body, "Content-Type: text/html\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\n"));
            const std::string answer = stage.crank->see(client, "\r\n0\r\n\r\n");
            CHECK(values(answer, "Content-Encoding") == word(encoding));
            CHECK(values(answer, "Vary") == "Accept-Encoding");
            CHECK(values(answer, "ETag") == "W/\"a\"");
            CHECK(values(answer, "Accept-Ranges") == "-");
            CHECK(values(answer, "Content-Length") == "-");
            const auto decoded = decode(encoding, unchunk(body_of(answer)));
            CHECK(decoded.ended);
            CHECK(decoded.text == body);
            const CodedCounts counts = coded(stage);
            CHECK(counts.answers == 1);
            CHECK(counts.bytes_in == size);
            CHECK(counts.bytes_out == unchunk(body_of(answer)).size());
            CHECK(stage.crank->context.coders.lent() == 0);
            client.take();
            stage.crank->send(client, kGet);  // both connections are kept
            stage.answer(endpoint, client, kGet);
        }
}

TEST_CASE("who takes no coding gets the octets as they are, and caches are told") {
    Stage stage(1, kCompress);
    Wire client = stage.client();
    Wire endpoint = asked(stage, client, kGet);
    const std::string body = page(5000);
    stage.crank->send(endpoint, answer_of(body, "Content-Type: text/html\r\nETag: \"a\"\r\nVary: Cookie\r\n"));
    const std::string answer = stage.crank->see(client, body);
    CHECK(values(answer, "Content-Encoding") == "-");
    CHECK(values(answer, "Content-Length") == "5000");
    CHECK(values(answer, "ETag") == "\"a\"");
    CHECK(answer.find("Vary: Cookie\r\n") != answer.npos);
    CHECK(answer.find("Vary: Accept-Encoding\r\n") != answer.npos);
    CHECK(coded(stage).answers == 0);
}

TEST_CASE("the answer to HEAD and one that is still good say what GET would") {
    Stage stage(1, kCompress);
    Wire client = stage.client();
    Wire endpoint = asked(stage, client, get("gzip", "HEAD"));
    stage.crank->send(endpoint,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"a\"\r\nContent-Length: 5000\r\n\r\n");
    std::string answer = stage.crank->see(client, "\r\n\r\n");
    CHECK(values(answer, "Content-Encoding") == "gzip");
    CHECK(values(answer, "Content-Length") == "-");
    CHECK(values(answer, "Transfer-Encoding") == "-");
    CHECK(values(answer, "ETag") == "W/\"a\"");
    client.take(), endpoint.take();
    stage.crank->send(client, get("gzip"));
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nVary: accept-encoding\r\n\r\n");
    answer = stage.crank->see(client, "\r\n\r\n");
    CHECK(status_of(answer) == "304");
    CHECK(values(answer, "Content-Encoding") == "-");
    CHECK(values(answer, "ETag") == "W/\"a\"");
    CHECK(values(answer, "Vary") == "accept-encoding");
    client.take(), endpoint.take();
    stage.crank->send(client, kGet);
    stage.answer(endpoint, client, kGet);
}

TEST_CASE("of a stream goes out what has come, without waiting for more") {
    for (const auto& [accept, encoding] :
         {std::pair{"gzip", Encoding::gzip}, std::pair{"br", Encoding::brotli}, std::pair{"zstd", Encoding::zstd}}) {
        Stage stage(1, kCompress);
        Wire client = stage.client();
        Wire endpoint = asked(stage, client, get(accept));
        stage.crank->send(endpoint,
                          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        stage.crank->see(client, "\r\n\r\n");  // the head does not wait for an event
        std::string said;
        for (int i = 0; i < 5; ++i) {
            const std::string event = "data: " + std::to_string(i) + "\n\n";
            said += event;
            stage.crank->send(endpoint, "9\r\n" + event + "\r\n");
            stage.crank->until("the event", [&] {
                stage.crank->turn();
                client.read();
                return so_far(encoding, client.seen) == said;
            });
        }
        stage.crank->send(endpoint, "0\r\n\r\n");
        CHECK(decode(encoding, unchunk(body_of(stage.crank->see(client, "\r\n0\r\n\r\n")))).ended);
    }
}

TEST_CASE("a stream that is cut does not look whole") {
    Stage stage(1, kCompress);
    Wire client = stage.client();
    Wire endpoint = asked(stage, client, get("gzip"));
    stage.crank->send(endpoint,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9000\r\n\r\n" + page(3000));
    stage.crank->see(client, "\r\n\r\n");
    endpoint.close();
    const std::string answer = stage.crank->see_end(client);
    CHECK(answer.find("\r\n0\r\n") == answer.npos);
    const auto decoded = decode(Encoding::gzip, unchunk(body_of(answer)));
    CHECK_FALSE(decoded.ended);
    CHECK(decoded.text == page(3000));  // what came before reaches it
    CHECK(stage.crank->context.coders.lent() == 0);
}

TEST_CASE("no more are compressed at a time than may be, and the next goes as it is") {
    Stage stage(1, kCompress);
    std::vector<Wire> clients, endpoints;
    for (std::size_t i = 0; i < compress::CoderShelf::kMostLent; ++i) {
        clients.push_back(stage.client());
        endpoints.push_back(asked(stage, clients.back(), get("gzip")));
        stage.crank->send(
            endpoints.back(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        stage.crank->see(clients.back(), "Content-Encoding: gzip");
    }
    Wire client = stage.client();
    Wire endpoint = asked(stage, client, get("gzip"));
    const std::string body = page(5000);
    stage.crank->send(endpoint, answer_of(body));
    const std::string answer = stage.crank->see(client, body);
    CHECK(values(answer, "Content-Encoding") == "-");
    CHECK(values(answer, "Vary") == "Accept-Encoding");
    CHECK(coded(stage).refused == 1);
    clients.clear();
    endpoints.clear();
    stage.crank->until("contexts to be free", [&] {
        stage.crank->turn();
        return stage.crank->context.coders.lent() == 0;
    });
}

TEST_CASE("a client that reads nothing holds one block of coded octets, and the endpoint waits") {
    Stage stage(1, kCompress);
    Wire client = stage.client();
    client.shrink_buffers();
    Wire endpoint = asked(stage, client, get("gzip"));
    std::string noise;  // that does not shrink
    for (std::uint64_t x = 1; noise.size() < 16U << 20U;) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        noise.append(reinterpret_cast<const char*>(&x) + 1, 7);
    }
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(noise.size()) + "\r\n\r\n";
    const std::string all = head + noise;
    std::size_t sent = 0;
    for (int rounds = 0; rounds < 3;) {
        const std::size_t n = endpoint.write(std::string_view(all).substr(sent));
        sent += n;
        rounds = n == 0 ? rounds + 1 : 0;
        stage.crank->turn();
    }
    CHECK(sent < all.size());
    stage.crank->until("the rest", [&] {
        sent += endpoint.write(std::string_view(all).substr(sent));
        stage.crank->turn();
        client.read();
        return client.seen.ends_with("\r\n0\r\n\r\n");
    });
    CHECK(decode(Encoding::gzip, unchunk(body_of(client.seen))).text == noise);
}

TEST_CASE("over HTTP/2 it is the same") {
    Http2Stage stage(kCompress);
    std::string request;
    stage.client.headers(1, h2_request("GET", "/", {{"accept-encoding", "br"}}));
    Wire endpoint = stage.asked(request);
    const std::string body = page(100'000);
    stage.crank->send(endpoint, answer_of(body));
    const auto& answer = stage.client.answer(1);
    CHECK(answer.get("content-encoding") == "br");
    CHECK(answer.get("content-length") == "-");
    const auto decoded = decode(Encoding::brotli, answer.body);
    CHECK(decoded.ended);
    CHECK(decoded.text == body);
}

TEST_CASE("the route's edits are the last word") {
    Stage stage(1, kCompress + R"(, "response_headers": {"set": {"ETag": "\"mine\"", "Vary": "Origin"}})");
    Wire client = stage.client();
    Wire endpoint = asked(stage, client, get("gzip"));
    stage.crank->send(endpoint, answer_of(page(5000), "Content-Type: text/html\r\nETag: \"a\"\r\n"));
    const std::string answer = stage.crank->see(client, "\r\n0\r\n\r\n");
    CHECK(values(answer, "ETag") == "\"mine\"");
    CHECK(values(answer, "Vary") == "Origin");
    CHECK(values(answer, "Content-Encoding") == "gzip");
}
