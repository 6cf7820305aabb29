// Configurations that were broken by chance: the importer never falls over, and what it gives out is always valid.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "config/fields/render.h"
#include "config/nginx_import/lexer.h"
#include "config/parse.h"
#include "tests/unit/config/nginx_import/import_fixture.h"

using switchyard::config::parse, switchyard::config::render_text;
using switchyard::config::nginx::lex;
using Token = switchyard::config::nginx::Token;  // not the admin API's

namespace {

using Words = std::vector<Token>;

std::vector<Words> fixtures() {
    std::vector<Words> all;
    for (const auto& entry :
         std::filesystem::directory_iterator(SWITCHYARD_SOURCE_DIR "/tests/integration/nginx_import/configs")) {
        if (entry.path().extension() != ".conf") continue;
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        all.push_back(lex(text.str()).tokens);
    }
    return all;
}

std::string written(const Words& words) {
    std::string text;
    for (const Token& token : words) {
        if (token.kind != Token::Kind::word) {
            text += token.text + "\n";
            continue;
        }
        text += '"';
        for (const char c : token.text) text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
        text += "\" ";
    }
    return text;
}

// Words that mean something somewhere: put where they mean something else.
const std::vector<std::string> kOddWords{"",
                                         "$",
                                         "${",
                                         "$http_",
                                         "default",
                                         "*",
                                         "~",
                                         "~*(",
                                         "0",
                                         "-1",
                                         "99999999999",
                                         "200%",
                                         "http://",
                                         "unix:",
                                         "[::1",
                                         "/",
                                         "/a b",
                                         "@x",
                                         "=",
                                         "return",
                                         "proxy_pass",
                                         "set",
                                         "if",
                                         "$t",
                                         "\x01",
                                         "grün",
                                         "\xff",
                                         "{",
                                         "a\r\nb",
                                         "::/200",
                                         "//",
                                         "/../x",
                                         "rewrite",
                                         "location",
                                         "server",
                                         "$request_uri",
                                         "https://$host",
                                         "break",
                                         "permanent",
                                         "^/(.*)$"};

}  // namespace

TEST_CASE("broken configurations give a fault or a valid model, never anything else") {
    const auto originals = fixtures();
    REQUIRE(originals.size() >= 12);
    std::mt19937_64 rng(4711);
    const auto below = [&](std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(rng); };
    const ConfFolder folder;  // one for all rounds: a folder for each is what takes long
    std::size_t models = 0;
    for (int round = 0; round < 2000; ++round) {
        Words words = originals[below(originals.size())];
        for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
            const std::size_t at = below(words.size()), other = below(words.size());
            switch (below(5)) {
                case 0:
                    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
                    break;
                case 1:
                    words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), words[other]);
                    break;
                case 2:
                    std::swap(words[at], words[other]);
                    break;
                default:
                    // Most changes keep the shape, so that they reach further than the tokenizer.
                    if (words[at].kind == Token::Kind::word) words[at].text = kOddWords[below(kOddWords.size())];
                    break;
            }
        }
        const std::string text = written(words);
        CAPTURE(round);
        CAPTURE(text);
        const auto imported = switchyard::config::import_nginx(folder.write("nginx.conf", text));
        if (imported.fault) {
            CHECK_FALSE(imported.fault->advice.starts_with("the result is no valid configuration"));
            continue;
        }
        ++models;
        CHECK(parse(render_text(imported.model)).model == imported.model);
    }
    CHECK(models > 600);
}
