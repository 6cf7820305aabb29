// Which sockets a configuration's listeners get, and which stay open from one generation to the next.
#include <doctest/doctest.h>

#include "config/parse.h"
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
