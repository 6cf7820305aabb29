// Lines on their way from a worker to the file: nothing waits, nothing is torn, what is lost is known.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "exchanges.h"
#include "proxy/serve/access_log_ring.h"
#include "proxy/serve/access_log_writer.h"

using namespace switchyard;
using serve::AccessLogRing;
using serve::AccessLogWriter;
using namespace switchyard::test;

namespace {

constexpr std::size_t kSmall = 4096;

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string text = (std::filesystem::temp_directory_path() / "access-log-XXXXXX").string();
        REQUIRE(::mkdtemp(text.data()) != nullptr);
        path = text;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const char* name) const { return (path / name).string(); }
};

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

void until(const char* what, const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) FAIL("waited in vain for " << what);
        std::this_thread::yield();
    }
}

bool put(AccessLogRing& ring, std::string_view line) {
    const auto room = ring.room(line.size());
    if (room.empty()) return false;
    std::memcpy(room.data(), line.data(), line.size());
    ring.filled(line.size());
    return true;
}

}  // namespace

TEST_CASE("a ring gives back what was put in, in one piece, wherever it stands") {
    AccessLogRing ring(-1, kSmall);
    std::string sent, got;
    for (int i = 0; i < 5000; ++i) {
        const std::string line(static_cast<std::size_t>(1 + i * 37 % 900), static_cast<char>('a' + i % 26));
        REQUIRE(put(ring, line));
        sent += line;
        if (i % 3 != 0) continue;
        got += ring.pending();
        ring.written(ring.pending().size());
    }
    got += ring.pending();
    CHECK(got == sent);
}

TEST_CASE("a full ring takes nothing more, calls the writer once, and takes again when there is room") {
    const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    AccessLogRing ring(wake, kSmall);
    const std::string line(500, 'x');
    int taken = 0;
    while (put(ring, line)) ++taken;
    CHECK(taken == 8);
    eventfd_t calls = 0;
    CHECK(::eventfd_read(wake, &calls) == 0);
    CHECK(calls == 1);
    ring.written(500);
    CHECK(put(ring, line));
    CHECK_FALSE(put(ring, line));
    ::close(wake);
}

TEST_CASE("lines of several workers arrive whole") {
    Folder folder;
    std::string why;
    constexpr int kLines = 20'000;
    auto writer = AccessLogWriter::open(folder.file("access.log"), 2, &why, 64 * 1024);
    REQUIRE(writer);
    std::vector<std::thread> workers;
    for (unsigned w = 0; w < 2; ++w)
        workers.emplace_back([&writer, w] {
            for (int i = 0; i < kLines; ++i) {
                const std::string line = "worker " + std::to_string(w) + " line " + std::to_string(i) + "\n";
                while (!put(writer->ring(w), line)) std::this_thread::yield();
            }
        });
    for (auto& worker : workers) worker.join();
    writer->stop();
    std::istringstream all(contents(folder.file("access.log")));
    int next[2] = {0, 0};
    for (std::string line; std::getline(all, line);) {
        const int w = line.at(7) - '0';
        REQUIRE((w == 0 || w == 1));
        CHECK(line == "worker " + std::to_string(w) + " line " + std::to_string(next[w]++));
    }
    CHECK(next[0] == kLines);
    CHECK(next[1] == kLines);
}

TEST_CASE("after the file was moved away, reopen begins a new one and loses nothing") {
    Folder folder;
    std::string why;
    auto writer = AccessLogWriter::open(folder.file("access.log"), 1, &why);
    REQUIRE(writer);
    put(writer->ring(0), "before\n");
    until("the first line", [&] { return contents(folder.file("access.log")) == "before\n"; });
    std::filesystem::rename(folder.file("access.log"), folder.file("access.log.1"));
    writer->reopen();
    until("the new file", [&] { return std::filesystem::exists(folder.file("access.log")); });
    put(writer->ring(0), "after\n");
    writer->stop();
    CHECK(contents(folder.file("access.log.1")) == "before\n");
    CHECK(contents(folder.file("access.log")) == "after\n");
}

TEST_CASE("a full disk makes lines wait, and loses none that found room") {
    // A pipe without a reader stands for the disk: it takes so much and no more, until it is emptied.
    Folder folder;
    const auto pipe = folder.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);
    ::fcntl(reader, F_SETPIPE_SZ, 4096);
    std::string why;
    auto writer = AccessLogWriter::open(pipe, 1, &why, kSmall);
    REQUIRE(writer);
    std::string sent;
    int number = 0;
    // Both the pipe and the ring are full when a line finds no room for a while.
    for (int refused = 0; refused < 1000;) {
        const std::string line = "line " + std::to_string(number) + std::string(100, '.') + "\n";
        if (put(writer->ring(0), line)) {
            sent += line;
            ++number;
            refused = 0;
        } else {
            ++refused;
            std::this_thread::yield();
        }
    }
    std::string got;
    until("what was waiting", [&] {
        char bytes[4096];
        const auto n = ::read(reader, bytes, sizeof bytes);
        if (n > 0) got.append(bytes, static_cast<std::size_t>(n));
        return got.size() >= sent.size();
    });
    CHECK(got == sent);
    writer->stop();
    ::close(reader);
}

TEST_CASE("a file that refuses every byte ends nothing but its lines") {
    std::string why;
    auto writer = AccessLogWriter::open("/dev/full", 1, &why, kSmall);
    REQUIRE(writer);
    int taken = 0;
    while (put(writer->ring(0), "a line that goes nowhere\n")) ++taken;
    CHECK(taken >= 100);
    writer->stop();  // and this comes back
}

TEST_CASE("a file that cannot be opened is said at once") {
    std::string why;
    CHECK_FALSE(AccessLogWriter::open("/nonexistent/folder/access.log", 1, &why));
    CHECK(why.find("/nonexistent/folder/access.log") != why.npos);
}

TEST_CASE("an exchange writes one line, and counts it when there is no room") {
    Stage stage(1, R"("debug_headers": true)");
    AccessLogRing ring(-1, 64 * 1024);
    stage.crank->context.access_log = &ring;
    Wire client = stage.client();
    Wire endpoint = stage.kept_connection(client);
    auto line = nlohmann::json::parse(ring.pending());
    CHECK(line["method"] == "GET");
    CHECK(line["host"] == "a");
    CHECK(line["path"] == "/");
    CHECK(line["status"] == 200);
    CHECK(line["listener"] == "web");
    CHECK(line["route"] == "all");
    CHECK(line["upstream"] == "app");
    CHECK(line["endpoint"] == "127.0.0.1:" + std::to_string(stage.endpoints[0]->port()));
    CHECK(line["attempts"] == 1);
    CHECK(line["generation"] == 1);
    CHECK(line["flag"] == "");
    CHECK(line["id"].get<std::string>().size() == 32);
    ring.written(ring.pending().size());

    stage.crank->send(client, "G\1T / HTTP/1.1\r\n\r\n");
    stage.crank->see(client, "400");
    line = nlohmann::json::parse(ring.pending());
    CHECK(line["status"] == 400);
    CHECK(line["flag"] == "bad_request");

    while (put(ring, "filler\n")) {
    }
    Wire second = stage.client();
    stage.crank->send(second, "G\1T / HTTP/1.1\r\n\r\n");
    stage.crank->see(second, "400");
    CHECK(stage.crank->report().log_dropped == 1);
}

TEST_CASE("a line says why a message was refused, and how an answer began") {
    const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    AccessLogRing ring(wake, 1 << 16);
    Stage stage;
    stage.crank->context.access_log = &ring;
    const auto refused = [&] {
        const auto line = nlohmann::json::parse(ring.pending());
        ring.written(ring.pending().size());
        return line.value("refused", "");
    };
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire endpoint = stage.accept();
    stage.crank->see(endpoint, "\r\n\r\n");
    const std::string two = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n";
    stage.crank->send(endpoint, two + "X-Secret: far behind the first octets of it\r\n\r\n");
    CHECK(status_of(stage.crank->see(client, "}\n")) == "502");
    CHECK(refused() == "more than one content-length: " + (two + "X-Secret: f").substr(0, 64));
    CHECK(stage.crank->report().endpoints.at(0).refused.starts_with("more than one content-length: HTTP/1.1 200"));
    Wire bad = stage.client();
    stage.crank->send(bad, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    CHECK(status_of(stage.crank->see(bad, "}\n")) == "400");
    CHECK(refused() == "more than one content-length");
    Wire good = stage.client();
    stage.crank->send(good, kGet);
    Wire next = stage.accept();
    stage.answer(next, good, kGet);
    CHECK(refused() == "");
    stage.crank->context.access_log = nullptr;
    ::close(wake);
}
