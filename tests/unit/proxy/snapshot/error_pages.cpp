// Error pages as their files held them last: what cannot be read is no reason to refuse anything.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "config/parse.h"
#include "proxy/route/error_pages.h"
#include "proxy/route/route.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/page_shelf.h"
#include "proxy/snapshot/snapshot.h"

using namespace switchyard;

namespace {

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "pages-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path / name) << text;
        return (path / name).string();
    }
};

std::shared_ptr<const config::Model> with_pages(const std::string& file) {
    auto parsed = config::parse(R"({"upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:1"}]}}, "routes": [
        {"name": "site", "split": {"app": 1}, "error_pages": {"503": ")" +
                                file + R"("}}]})");
    REQUIRE(parsed.model);
    return std::make_shared<const config::Model>(std::move(*parsed.model));
}

const route::ErrorPages* pages_in(const Snapshot& snapshot) {
    return snapshot.routes.find("a", "/", "GET", nullptr)->error_pages.get();
}

}  // namespace

TEST_CASE("a generation is made whether its pages are there or not") {
    Registry registry(1);
    const Folder folder;
    const auto model = with_pages((folder.path / "gone.html").string());
    const auto without = compile(model, 1, registry);
    REQUIRE(without.errors.empty());
    CHECK(pages_in(*without.snapshot) == nullptr);
    const auto file = folder.write("gone.html", "here");
    CHECK(registry.pages().take(file, PageShelf::read(file, {})));
    const auto with = compile(model, 1, registry);
    REQUIRE(pages_in(*with.snapshot) != nullptr);
    CHECK(*pages_in(*with.snapshot)->find(503)->text == "here");
}

TEST_CASE("what was read last stays when the file goes, and its trouble is said") {
    PageShelf shelf;
    const Folder folder;
    const auto file = folder.write("503.html", "first");
    const auto model = with_pages(file);
    CHECK(shelf.take(file, PageShelf::read(file, {})));
    CHECK(shelf.troubles(*model).empty());
    CHECK_FALSE(PageShelf::read(file, shelf.find(file)->stamp).changed);
    std::filesystem::remove(file);
    CHECK_FALSE(shelf.take(file, PageShelf::read(file, shelf.find(file)->stamp)));
    CHECK(*shelf.find(file)->text == "first");
    CHECK(shelf.troubles(*model) ==
          std::vector<std::string>{"error page " + file +
                                   " cannot be read: No such file or directory; what was read "
                                   "last is shown"});
    folder.write("503.html", "the second");
    CHECK(shelf.take(file, PageShelf::read(file, shelf.find(file)->stamp)));
    CHECK(*shelf.find(file)->text == "the second");
    CHECK(shelf.troubles(*model).empty());
}

TEST_CASE("what is no file of a page's size is not waited for, and named") {
    const Folder folder;
    const auto why = [&](const std::string& file) { return PageShelf::read(file, {}).why; };
    CHECK(why(folder.write("large.html", std::string(config::kPageSize + 1, 'x')))
              .ends_with("it is larger than 256 KiB, and pages are kept in memory"));
    CHECK(why(folder.write("most.html", std::string(config::kPageSize, 'x'))).empty());
    CHECK(why(folder.path.string()).ends_with("it is no regular file"));
    const auto pipe = (folder.path / "pipe").string();
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(why(pipe).ends_with("it is no regular file"));
    CHECK(why("/dev/zero").ends_with("it is no regular file"));
}

TEST_CASE("pages of configurations that were in force stay known for a while") {
    PageShelf shelf;
    const Folder folder;
    for (int i = 0; i < 30; ++i) {
        const auto file = folder.write(std::to_string(i), "x");
        shelf.take(file, PageShelf::read(file, {}));
    }
    const auto used = (folder.path / "7").string();
    shelf.keep_for(*with_pages(used));
    CHECK(shelf.find(used) != nullptr);
    std::size_t left = 0;
    for (int i = 0; i < 30; ++i) left += shelf.find((folder.path / std::to_string(i)).string()) != nullptr ? 1 : 0;
    CHECK(left == PageShelf::kSpare + 1);
}
