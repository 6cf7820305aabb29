// What is kept on disk, and what of a folder of others is a challenge.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "control/acme/challenge_folder.h"
#include "control/acme/storage.h"
#include "tests/support/certificates.h"

using namespace switchyard::control::acme;
namespace fs = std::filesystem;

namespace {

// Goes with the test's own folder.
fs::path folder(const std::string& name) {
    const auto out = fs::path(switchyard::test::file_with("here", "")).parent_path() / name;
    fs::create_directories(out);
    return out;
}

void put(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string text_of_file(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode(const fs::path& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

const std::string kThumb(43, 'x');

}  // namespace

TEST_CASE("certificates and keys are replaced as a whole and read by nobody else") {
    const auto dir = folder("state");
    const Storage storage(dir);
    std::string why;
    CHECK_FALSE(storage.account("abc", why));
    CHECK(why.empty());
    CHECK(storage.keep_account("abc", "key") == "");
    CHECK(*storage.account("abc", why) == "key");
    CHECK(storage.keep_certificate("shop", "https://ca", "first") == "");
    CHECK(storage.keep_certificate("shop", "https://ca", "second") == "");
    const auto file = dir / "certificates" / "shop" / "current.pem";
    CHECK(text_of_file(file) == "asked for from https://ca\nsecond");
    CHECK(storage.memory("shop").directory == "https://ca");
    CHECK(mode(file) == 0600);
    CHECK(mode(file.parent_path()) == 0700);
    CHECK(mode(dir / "acme" / "abc.pem") == 0600);
    CHECK_FALSE(fs::exists(file.string() + ".new"));
    CHECK(account_id("https://a", "") != account_id("https://b", ""));
    CHECK(account_id("https://a", "") != account_id("https://a", "kid"));

    put(dir / "taken", "");
    CHECK(Storage(dir / "taken").keep_certificate("shop", "https://ca", "x").starts_with("making "));
}

TEST_CASE("the key of an account that cannot be read is not taken for none, and is never replaced") {
    const auto dir = folder("accounts");
    const Storage storage(dir);
    fs::create_directories(dir / "acme" / "abc.pem");  // EISDIR, also for root
    std::string why;
    CHECK_FALSE(storage.account("abc", why));
    CHECK(why.find("abc.pem: Is a directory") != std::string::npos);
    CHECK(storage.keep_account("other", "first") == "");
    CHECK(storage.keep_account("other", "second").find("is not replaced") != std::string::npos);
    CHECK(text_of_file(storage.account_file("other")) == "first");
}

TEST_CASE("what has failed is remembered, and a memory that somebody has spoilt is none") {
    const auto dir = folder("memory");
    const Storage storage(dir);
    CHECK(storage.memory("shop") == Memory{});
    const Memory memory{
        "https://ca", 3, 1'700'000'000, {Refusal::Kind::rate_limited, "too \xff many", {}}, "https://ca a b"};
    CHECK(storage.remember("shop", memory) == "");
    auto read = storage.memory("shop");
    CHECK(read.failures == 3);
    CHECK(read.next == memory.next);
    CHECK(read.asked == memory.asked);
    CHECK(read.last.kind == Refusal::Kind::rate_limited);
    CHECK(read.directory.empty());  // that is known by the certificate
    // After one that went well, the next has to wait, too.
    CHECK(storage.remember("shop", {.directory = "", .next = 7, .asked = "x"}) == "");
    CHECK(storage.memory("shop") == Memory{.directory = "", .next = 7, .asked = "x"});
    const auto file = dir / "certificates" / "shop" / "state.json";
    for (const auto* bad : {"", "{", "[]", R"({"failures":"many"})", R"({"directory":7})"}) {
        put(file, bad);
        CHECK(storage.memory("shop") == Memory{});
    }
}

TEST_CASE("a folder gives key authorizations under their tokens, and nothing else that is in it") {
    const auto root = folder("webroot");
    const auto known = root / ".well-known" / "acme-challenge";
    fs::create_directories(known);
    put(known / "tok-1", "tok-1." + kThumb);
    put(known / "tok-2", "tok-2." + kThumb + "\n");
    put(root / "tok-3", "tok-3." + kThumb);  // dehydrated's own folder
    put(known / "half", "half." + kThumb.substr(1));
    put(known / "other", "tok-1." + kThumb);
    put(known / "long", "long." + kThumb + std::string(600, ' '));
    put(known / "empty", "");
    put(known / "a.b", "a.b." + kThumb);
    put(root / "secret", "secret." + kThumb);
    fs::create_symlink(root / "secret", known / "secret");
    fs::create_directory(known / "folder");
    REQUIRE(::mkfifo((known / "pipe").c_str(), 0600) == 0);
    fs::remove(root / "secret");
    put(root.parent_path() / "linked", "linked." + kThumb);
    fs::create_symlink(root.parent_path() / "linked", known / "linked");
    const auto found = read_challenges(root);
    CHECK(found == switchyard::net::ChallengeBook::Answers{
                       {"tok-1", "tok-1." + kThumb}, {"tok-2", "tok-2." + kThumb}, {"tok-3", "tok-3." + kThumb}});
    CHECK(read_challenges("/nowhere/at/all").empty());
    // A link in the way leads nowhere.
    const auto other = folder("other");
    fs::create_directory_symlink(root / ".well-known", other / ".well-known");
    CHECK(read_challenges(other).empty());
}
