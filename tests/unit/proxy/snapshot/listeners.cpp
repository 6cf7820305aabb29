// Which sockets a configuration's listeners get, and which stay open from one generation to the next.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "config/parse.h"
#include "proxy/net/descriptor.h"
#include "proxy/net/socket_address.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/registry.h"
#include "proxy/snapshot/snapshot.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard;

namespace {

std::shared_ptr<const Snapshot> snapshot_of(Registry& registry, const std::string& listeners) {
    auto parsed = config::parse(std::string_view(R"({"listeners": )" + listeners + "}"));
    REQUIRE(parsed.model.has_value());
    auto compiled = compile(std::make_shared<const config::Model>(std::move(*parsed.model)), 1, registry);
    REQUIRE(compiled.errors.empty());
    return compiled.snapshot;
}

}  // namespace

TEST_CASE("each listener on port 0 has a port of its own, and keeps it through a change") {
    Registry registry(2);
    const auto first = snapshot_of(
        registry, R"([{"name": "web", "bind": "127.0.0.1:0"}, {"name": "internal", "bind": "127.0.0.1:0"}])");
    REQUIRE(first->listeners.size() == 2);
    CHECK(first->listeners[0]->sockets->bound().port != first->listeners[1]->sockets->bound().port);
    const auto second = snapshot_of(
        registry,
        R"([{"name": "internal", "bind": "127.0.0.1:0", "max_connections": 7}, {"name": "web", "bind": "127.0.0.1:0"}])");
    CHECK(second->listeners[0]->sockets == first->listeners[1]->sockets);
    CHECK(second->listeners[1]->sockets == first->listeners[0]->sockets);
}

TEST_CASE("a listener that is renamed keeps the sockets of its address") {
    const ScratchDir dir;
    const std::string bind = dir / "socket";
    Registry registry(2);
    const auto web = snapshot_of(registry, R"([{"name": "web", "bind": "unix:)" + bind + R"("}])");
    const auto renamed = snapshot_of(registry, R"([{"name": "public", "bind": "unix:)" + bind + R"("}])");
    CHECK(renamed->listeners[0]->sockets == web->listeners[0]->sockets);
}

namespace {

constexpr unsigned kWorkers = 2;

// Null where no listener is.
bool answers(const config::Address& address) {
    net::SocketAddress to;
    std::string why;
    REQUIRE_MESSAGE(net::resolve(address, to, &why), why);
    const net::Descriptor fd(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), to.get(), to.length) == 0;
}

void close_all(net::ListeningSockets& sockets) {
    for (unsigned worker = 0; worker < kWorkers; ++worker) sockets.close(worker);
}

std::string one_listener(const std::string& bind) {
    return R"([{"name": "web", "bind": ")" + bind + R"("}])";
}

}  // namespace

TEST_CASE("nobody can connect by a configuration that is only looked at") {
    Registry registry(kWorkers);
    const auto looked_at = snapshot_of(registry, one_listener("127.0.0.1:0"));
    const auto bound = looked_at->listeners[0]->sockets->bound();
    CHECK_FALSE(answers(bound));
    registry.published(*looked_at);
    CHECK(answers(bound));
}

TEST_CASE("a listener that comes back listens anew, whoever still holds its first life") {
    Registry registry(kWorkers);
    const auto first = snapshot_of(registry, one_listener("127.0.0.1:0"));
    registry.published(*first);
    const auto web = one_listener(first->listeners[0]->sockets->bound().text());
    const auto again = snapshot_of(registry, web);
    registry.published(*again);
    close_all(*first->listeners[0]->sockets);
    const auto without = snapshot_of(registry, "[]");
    registry.published(*without);
    SUBCASE("when every worker has closed its socket") {
        close_all(*again->listeners[0]->sockets);
        CHECK_FALSE(answers(again->listeners[0]->sockets->bound()));
    }
    SUBCASE("while a slow worker has yet to hear of it") {}
    const auto back = snapshot_of(registry, web);
    registry.published(*back);
    CHECK(back->listeners[0]->sockets != again->listeners[0]->sockets);
    close_all(*again->listeners[0]->sockets);
    CHECK(answers(back->listeners[0]->sockets->bound()));
}

TEST_CASE("a unix listener that comes back has its path, also when the first life ends after it") {
    const ScratchDir dir;
    const auto web = one_listener("unix:" + (dir / "socket"));
    Registry registry(kWorkers);
    auto first = snapshot_of(registry, web);
    registry.published(*first);
    const auto address = first->listeners[0]->sockets->bound();
    first->listeners[0]->sockets->close(0);
    CHECK(answers(address));  // the other worker's descriptor is its own
    registry.published(*snapshot_of(registry, "[]"));
    CHECK_FALSE(answers(address));
    const auto back = snapshot_of(registry, web);
    registry.published(*back);
    CHECK(answers(address));
    first.reset();
    CHECK(answers(address));
}

TEST_CASE("closing a descriptor that another process passed ends nothing for that process") {
    Registry registry(1);
    const auto theirs = snapshot_of(registry, one_listener("127.0.0.1:0"));
    registry.published(*theirs);
    const auto& original = *theirs->listeners[0]->sockets;
    std::string why;
    const auto passed = net::ListeningSockets::passed(
        original.bound(), {::fcntl(original.descriptor(0), F_DUPFD_CLOEXEC, 0)}, kWorkers, &why);
    REQUIRE_MESSAGE(passed != nullptr, why);
    CHECK(passed->listening());
    REQUIRE(answers(original.bound()));  // waits in the queue that both have
    close_all(*passed);
    CHECK(passed->closed());
    const net::Descriptor waiting(::accept4(original.descriptor(0), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    CHECK(waiting.is_open());
    CHECK(answers(original.bound()));
    CHECK(net::ListeningSockets::passed(original.bound(), {}, 1, &why) == nullptr);
}

TEST_CASE("an address that another process holds is refused by name") {
    Registry ours(1), another(1);
    const auto held = snapshot_of(another, one_listener("127.0.0.1:0"));
    another.published(*held);
    std::string why;
    const auto bound = held->listeners[0]->sockets->bound();
    CHECK(ours.listening(bound, "web", &why) == nullptr);
    CHECK(why.find("cannot listen on " + bound.text() + ": Address already in use") == 0);
}
