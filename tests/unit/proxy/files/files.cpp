// Which file a path means, what is opened of it, and who waits for the disk.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "proxy/files/file_path.h"
#include "proxy/files/file_pool.h"
#include "proxy/files/find_file.h"

using namespace switchyard;
using namespace switchyard::files;
using Word = FoundFile::Word;

namespace {

struct Site {
    std::filesystem::path top, root;
    config::StaticFiles where;
    Site() {
        std::string name = (std::filesystem::temp_directory_path() / "files-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        top = name;
        root = top / "www";
        std::filesystem::create_directories(root / "sub");
        std::filesystem::create_directories(root / "empty");
        write(top / "secret.txt", "secret");
        write(root / "index.html", "top");
        write(root / "a.txt", "plain");
        write(root / "a.txt.gz", "coded");
        write(root / "sub/index.htm", "below");
        where.root = root.string();
    }
    ~Site() { std::filesystem::remove_all(top); }
    static void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }
    FoundFile find(const std::string& path, const std::vector<Precompressed>& codings = {}) const {
        return find_file(where, path, codings);
    }
    static std::string text(const FoundFile& file) {
        std::string out(file.size, ' ');
        CHECK(::pread(file.fd.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
        return out;
    }
};

struct Job : FileJob {
    std::function<void()> work;
    std::atomic<int> runs{0}, overs{0};
    void run() override {
        if (work) work();
        ++runs;
    }
    void over() override { ++overs; }
};

}  // namespace

TEST_CASE("a path means a file below the root, or none") {
    CHECK(file_path("/", false) == "");
    CHECK(file_path("/a/b.txt", false) == "a/b.txt");
    CHECK(file_path("/a b/ä", false) == "a b/ä");
    CHECK(file_path("/100%.txt", false) == "100%.txt");
    CHECK(file_path("/%70rivate/x", false) == "%70rivate/x");  // the escape was of '%'
    CHECK(file_path("/sub/", false) == "sub/");
    CHECK(file_path("//etc/passwd", false) == "etc/passwd");
    CHECK_FALSE(file_path(std::string_view("/a\0.txt", 7), false));
    for (const char* path :
         {"/a/../../etc", "/../../etc", "/..", "/.", "/a/./b", "/.git/config", "/a/.env", "no slash"})
        CHECK_MESSAGE(!file_path(path, false), path);
    CHECK(file_path("/.well-known/x", true) == ".well-known/x");
    CHECK_FALSE(file_path("/../x", true));
}

TEST_CASE("types go by the ending, whatever its case") {
    CHECK(content_type("a/b.HTML") == "text/html; charset=utf-8");
    CHECK(content_type("app.js") == "text/javascript; charset=utf-8");
    CHECK(content_type("x.woff2") == "font/woff2");
    CHECK(content_type("x.unknown") == "application/octet-stream");
    CHECK(content_type("Makefile") == "application/octet-stream");
}

TEST_CASE("files, indexes, folders and what is not there") {
    Site site;
    CHECK(Site::text(site.find("a.txt")) == "plain");
    CHECK(Site::text(site.find("")) == "top");
    CHECK(site.find("sub").word == Word::folder);
    CHECK(site.find("sub/").word == Word::denied);
    site.where.index = {"index.html", "index.htm"};
    CHECK(Site::text(site.find("sub/")) == "below");
    CHECK(site.find("empty/").word == Word::denied);
    CHECK(site.find("none").word == Word::missing);
    CHECK(site.find("a.txt/").word == Word::missing);
    CHECK(site.find("a.txt/x").word == Word::missing);
    CHECK(site.find(std::string(5000, 'x')).word == Word::missing);
    site.where.fallback = "/index.html";
    CHECK(Site::text(site.find("none/at/all")) == "top");
    site.where.fallback = "/nor/this";
    CHECK(site.find("none").word == Word::missing);
    site.where.root = (site.top / "gone").string();
    CHECK(site.find("a.txt").word == Word::missing);
}

TEST_CASE("what was compressed beforehand is taken in the order that the client likes") {
    Site site;
    const FoundFile coded = site.find("a.txt", {{"br", ".br"}, {"gzip", ".gz"}});
    CHECK(Site::text(coded) == "coded");
    CHECK(coded.coding == "gzip");
    CHECK(coded.name == "a.txt");
    CHECK(Site::text(site.find("a.txt", {{"br", ".br"}})) == "plain");
    CHECK(site.find("", {{"gzip", ".gz"}}).coding.empty());
}

TEST_CASE("no link leads out of the root, and one inside it is followed") {
    Site site;
    std::filesystem::create_symlink("a.txt", site.root / "inside");
    std::filesystem::create_symlink("../secret.txt", site.root / "out");
    std::filesystem::create_symlink((site.top / "secret.txt").string(), site.root / "absolute");
    std::filesystem::create_directory_symlink("..", site.root / "up");
    std::filesystem::create_symlink("loop", site.root / "loop");
    CHECK(Site::text(site.find("inside")) == "plain");
    for (const char* path :
         {"out", "absolute", "up/secret.txt", "up/", "loop", "../secret.txt", "sub/../../secret.txt", "/etc/passwd"})
        CHECK_MESSAGE(site.find(path).word == Word::missing, path);
    // The root itself may be one, and is followed as it is now.
    std::filesystem::create_directory_symlink(site.root, site.top / "current");
    site.where.root = (site.top / "current").string();
    CHECK(Site::text(site.find("a.txt")) == "plain");
}

TEST_CASE("what is no regular file is not waited for") {
    Site site;
    REQUIRE(::mkfifo((site.root / "pipe").c_str(), 0600) == 0);
    CHECK(site.find("pipe").word == Word::missing);
    std::filesystem::create_symlink("/dev/zero", site.root / "zero");
    CHECK(site.find("zero").word == Word::missing);
    if (::geteuid() != 0) {
        std::filesystem::permissions(site.root / "a.txt", std::filesystem::perms::none);
        CHECK(site.find("a.txt").word == Word::denied);
    }
}

TEST_CASE("a disk that hangs keeps its threads and then the queue, and what is beyond is refused at once") {
    FilePool pool(2, 3);
    const auto door = std::make_shared<WorkerDoor>([](const std::function<void()>& piece) { piece(); });
    std::atomic<bool> hangs{true};
    std::atomic<int> begun{0};
    std::vector<std::shared_ptr<Job>> jobs;
    const auto ask = [&] {
        jobs.push_back(std::make_shared<Job>());
        jobs.back()->work = [&] {
            ++begun;
            hangs.wait(true);
        };
        return pool.ask(jobs.back(), door);
    };
    CHECK(ask());
    CHECK(ask());
    while (begun != 2) std::this_thread::yield();
    for (int i = 0; i < 3; ++i) CHECK(ask());
    CHECK_FALSE(ask());
    jobs.pop_back();
    hangs = false;
    hangs.notify_all();
    for (const auto& job : jobs)
        while (job->overs != 1) std::this_thread::yield();
    CHECK(ask());
    while (jobs.back()->overs != 1) std::this_thread::yield();
}

TEST_CASE("nothing is told of by a door that is closed, and a pool ends while its disk hangs") {
    auto hangs = std::make_shared<std::atomic<bool>>(true);
    const auto job = std::make_shared<Job>();
    auto begun = std::make_shared<std::atomic<bool>>(false);
    job->work = [hangs, begun] {
        *begun = true;
        begun->notify_all();
        hangs->wait(true);
    };
    const auto door = std::make_shared<WorkerDoor>([](const std::function<void()>& piece) { piece(); });
    {
        FilePool pool(1);
        CHECK(pool.ask(job, door));
        begun->wait(false);
        door->close();
    }
    *hangs = false;
    hangs->notify_all();
    while (job->runs != 1) std::this_thread::yield();
    while (job.use_count() != 1) std::this_thread::yield();
    CHECK(job->overs == 0);
}
