// A listener with a thousand certificates: what they hold of memory, and that changes which concern none of them read
// none.
#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/registry.h"
#include "proxy/snapshot/snapshot.h"
#include "tests/support/certificates.h"

using namespace switchyard;

namespace {

constexpr int kMany = 1000;

struct ManyFiles {
    std::string first, folder, certificates, names;

    explicit ManyFiles(int count) {
        const test::Authority authority("authority of many");
        for (int i = 0; i < count; ++i) {
            const std::string name = "c" + std::to_string(i);
            const auto made = authority.sign({name + ".test"});
            const auto chain = test::file_with(name + ".pem", made.certificate);
            const auto key = test::file_with(name + ".key", made.key);
            if (i == 0) first = chain;
            certificates +=
                (i == 0 ? "\"" : ", \"") + name + R"(": {"chain": ")" + chain + R"(", "key": ")" + key + "\"}";
            names += (i == 0 ? "\"" : ", \"") + name + '"';
        }
        folder = std::filesystem::path(first).parent_path();
    }
    // `route`: what differs between generations.
    std::shared_ptr<const config::Model> model(const std::string& route) const {
        auto parsed = config::parse(std::string_view(R"({"certificates": {)" + certificates +
                                                     R"(}, "listeners": [{"name": "https", "bind": "127.0.0.1:0", )"
                                                     R"("tls": {"certificates": [)" +
                                                     names +
                                                     R"(]}}], "upstreams": {"app": {"endpoints": [{"address": )"
                                                     R"("10.0.0.9:80"}]}}, "routes": [{"name": ")" +
                                                     route + R"(", "split": {"app": 1}}]})"));
        REQUIRE_MESSAGE(parsed.model.has_value(), parsed.errors.at(0).detail);
        return std::make_shared<const config::Model>(std::move(*parsed.model));
    }
};

// Whether a file of the folder was opened since; the kernel tells.
class OpenedFiles {
  public:
    explicit OpenedFiles(const std::string& folder) : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        REQUIRE(::inotify_add_watch(fd_, folder.c_str(), IN_OPEN) >= 0);
    }
    ~OpenedFiles() { ::close(fd_); }
    OpenedFiles(const OpenedFiles&) = delete;
    OpenedFiles& operator=(const OpenedFiles&) = delete;
    bool any() const {
        std::array<char, 4096> told;
        return ::read(fd_, told.data(), told.size()) > 0;
    }

  private:
    int fd_;
};

}  // namespace

TEST_CASE("a change that concerns no certificate opens no file of one, and shares what was made of them") {
    const ManyFiles files(20);
    Registry registry(1);
    const auto before = compile(files.model("one"), 1, registry);
    REQUIRE(before.snapshot);
    const OpenedFiles opened(files.folder);
    const auto next = files.model("two");
    CHECK(registry.certificates().wanted_by(*next).empty());
    const auto after = compile(next, 2, registry);
    REQUIRE(after.snapshot);
    CHECK(after.snapshot->listeners.at(0)->tls == before.snapshot->listeners.at(0)->tls);
    CHECK_FALSE(opened.any());
    std::ifstream(files.first).get();
    CHECK(opened.any());  // it would have been seen
}

// A key of P-256 and its certificate are some 7 KB to OpenSSL; what is beside them must not double that.
TEST_CASE("a thousand names with a certificate each fit in 20 MB") {
    const ManyFiles files(kMany);
    Registry registry(1);
    const auto model = files.model("one");
    const auto held = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
    const auto before = held();
    const auto made = compile(model, 1, registry);
    REQUIRE(made.snapshot);
    const auto grown = held() - before;
    std::printf("%d certificates in force: %zu bytes, %zu for each\n", kMany, grown, grown / kMany);
    CHECK(grown <= 20'000'000);
    CHECK(made.snapshot->listeners.at(0)->tls->book.find("c999.test") != nullptr);
}
