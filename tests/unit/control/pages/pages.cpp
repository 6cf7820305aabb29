// Error pages while they are in force.
#include "control/pages/pages.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "config/parse.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

struct Site {
    std::filesystem::path folder;
    boost::asio::io_context io;
    PageShelf shelf;
    config::Model model;
    int published = 0;
    std::unique_ptr<Pages> pages;

    Site() {
        std::string name = (std::filesystem::temp_directory_path() / "pages-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder = name;
        auto parsed = config::parse(R"({"upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:1"}]}}, "routes": [
            {"name": "site", "split": {"app": 1}, "error_pages": {"5xx": ")" +
                                    file() + R"("}}]})");
        REQUIRE(parsed.model);
        model = std::move(*parsed.model);
        pages = std::make_unique<Pages>(
            io.get_executor(), shelf,
            Pages::Ports{[this]() -> const config::Model& { return model; }, [this] { ++published; }});
    }
    ~Site() {
        pages->stop();
        std::filesystem::remove_all(folder);
    }
    std::string file() const { return (folder / "50x.html").string(); }
    void write(const std::string& text) const { std::ofstream(file()) << text; }
    void until(const std::function<bool()>& holds) {
        while (!holds()) io.run_one();
    }
};

}  // namespace

TEST_CASE("what a file holds is in force after a change that names it, and once more when it has changed") {
    Site site;
    site.write("one");
    bool read = false;
    site.pages->read_first(PageShelf::files_of(site.model), [&] { read = true; });
    CHECK_FALSE(read);
    site.until([&] { return read; });
    CHECK(*site.shelf.find(site.file())->text == "one");
    bool at_once = false;
    site.pages->read_first(PageShelf::files_of(site.model), [&] { at_once = true; });
    CHECK(at_once);
    site.pages->follow();
    site.write("another");
    site.pages->look();
    site.until([&] { return site.published == 1; });
    CHECK(*site.shelf.find(site.file())->text == "another");
}

TEST_CASE("a start without the file goes on, and has it when it comes") {
    Site site;
    site.pages->follow();
    site.until([&] { return !site.shelf.troubles(site.model).empty(); });
    CHECK(site.published == 0);
    site.write("late");
    site.pages->look();
    site.until([&] { return site.published == 1; });
    CHECK(site.shelf.troubles(site.model).empty());
    CHECK(*site.shelf.find(site.file())->text == "late");
}

TEST_CASE("a pipe in its place holds nothing up") {
    Site site;
    REQUIRE(::mkfifo(site.file().c_str(), 0600) == 0);
    bool read = false;
    site.pages->read_first(PageShelf::files_of(site.model), [&] { read = true; });
    site.until([&] { return read; });
    CHECK(site.shelf.troubles(site.model).size() == 1);
}
