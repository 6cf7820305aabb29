set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

set(SWITCHYARD_SANITIZE "" CACHE STRING "Comma-separated sanitizers, as for -fsanitize")
option(SWITCHYARD_FUZZ "Build the libFuzzer targets (clang only)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports these inside the standard library and Boost under optimisation and sanitizers.
    add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                        -Wno-restrict -Wno-dangling-pointer)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
if(SWITCHYARD_SANITIZE)
    add_compile_options(-fsanitize=${SWITCHYARD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${SWITCHYARD_SANITIZE})
    # Optimised, what the undefined-behaviour sanitizer marks takes twice as long to compile; SWITCHYARD_COMPUTES are the
    # modules whose tests would wait for their arithmetic longer than that.
    set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
    set(SWITCHYARD_COMPUTES "^(proxy_|control_analysis|control_rollout$|rollout_simulation)")
    if(SWITCHYARD_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        # clang 14 cannot place this one's marks in front of a coroutine ("difference across sections").
        add_compile_options(-fno-sanitize=function)
    endif()
    if(SWITCHYARD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Asio's fences, which g++ cannot instrument; what they order is handed over under its queue's mutex as well.
        add_compile_options(-Wno-tsan)
    endif()
endif()
if(SWITCHYARD_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
