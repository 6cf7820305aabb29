// The command line called as from a shell, and what it says.
//
// No admin API is ever asked: SWITCHYARD_ADMIN names no URL of one, so a verb that would call it says so and ends
// with 4. Threads: one; both standard streams lead elsewhere while a call runs.
#pragma once

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/cli/command_line.h"
#include "control/cli/exit_code.h"

namespace switchyard::control::cli {

inline constexpr const char* kNoApi = "ftp://no-api.test";

// A standard stream that leads into a file until the end.
class Captured {
  public:
    explicit Captured(std::FILE* stream)
        : stream_(stream), file_(std::tmpfile(), &std::fclose), before_(::dup(::fileno(stream))) {
        std::fflush(stream_);
        ::dup2(::fileno(file_.get()), ::fileno(stream_));
    }
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;
    ~Captured() { give_back(); }

    std::string text() {
        give_back();
        std::string out;
        std::rewind(file_.get());
        for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get())) out += static_cast<char>(c);
        return out;
    }

  private:
    void give_back() {
        if (before_ < 0) return;
        std::fflush(stream_);
        ::dup2(before_, ::fileno(stream_));
        ::close(std::exchange(before_, -1));
    }
    std::FILE* stream_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
    int before_;
};

struct Said {
    int code = 0;
    std::string out, err;
};

inline Said say(std::vector<std::string> words, const std::function<int(const RunOptions&)>& run = {}) {
    ::setenv("SWITCHYARD_ADMIN", kNoApi, 1);
    ::unsetenv("SWITCHYARD_STATE_DIR");
    words.insert(words.begin(), "switchyard");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    Captured out(stdout), err(stderr);
    Said said;
    said.code = command_line(static_cast<int>(words.size()), argv.data(), "switchyard 0", run);
    std::cout.flush();
    std::cerr.flush();
    said.out = out.text();
    said.err = err.text();
    return said;
}

}  // namespace switchyard::control::cli
