// A data plane alone, for test programs in other languages: bare_proxy CONFIG [WORKERS].
//
// Prints one line "listening NAME PORT" per listener, then "ready"; runs until its standard input is closed, so that it
// never outlives the test that started it.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>

#include "config/parse.h"
#include "tests/support/test_proxy.h"

int main(int argc, char** argv) try {
    if (argc < 2) {
        std::fputs("usage: bare_proxy CONFIG [WORKERS]\n", stderr);
        return 2;
    }
    std::ifstream file(argv[1]);
    std::ostringstream text;
    text << file.rdbuf();
    switchyard::test::TestProxy proxy(text.str(), argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1);
    const auto model = switchyard::config::parse(text.str()).model;
    for (std::size_t i = 0; i < model->listeners.size(); ++i)
        std::printf("listening %s %u\n", model->listeners[i].name.c_str(), unsigned{proxy.port(i)});
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "bare_proxy: %s\n", error.what());
    return 1;
}
