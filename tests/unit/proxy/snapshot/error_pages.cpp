#include "proxy/route/error_pages.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace switchyard;

TEST_CASE("a file that cannot be used is named, with the place and why") {
    std::string name = (std::filesystem::temp_directory_path() / "pages-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    const std::filesystem::path folder = name;
    std::ofstream(folder / "large.html") << std::string(config::kPageSize + 1, 'x');
    std::ofstream(folder / "most.html") << std::string(config::kPageSize, 'x');
    std::string key, why;
    CHECK(route::ErrorPages::read({{"404", folder / "none.html"}}, &key, &why) == nullptr);
    CHECK(key == "404");
    CHECK(why == "cannot read " + (folder / "none.html").string() + ": No such file or directory");
    CHECK(route::ErrorPages::read({{"5xx", folder / "large.html"}}, &key, &why) == nullptr);
    CHECK(why == (folder / "large.html").string() + " is larger than 256 KiB: a page is kept in memory");
    CHECK(route::ErrorPages::read({{"5xx", folder.string()}}, &key, &why) == nullptr);
    const auto pages = route::ErrorPages::read({{"5xx", folder / "most.html"}}, &key, &why);
    REQUIRE(pages);
    CHECK(pages->find(503)->text.size() == config::kPageSize);
    CHECK(pages->find(404) == nullptr);
    std::filesystem::remove_all(folder);
}
