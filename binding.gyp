{
  "targets": [
    {
      "target_name": "im2col",
      "sources": [
        "<!@(node -p \"require('node:fs').readFileSync('native/sources.txt', 'utf8').trim().split(/\\s+/).join(' ')\")"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-std=gnu++23"],
      "cflags_cc": [
        "-std=c++17",
        "-fno-exceptions",
        "-fno-rtti",
        "-ffp-contract=off",
        "-fvisibility=hidden",
        "-fvisibility-inlines-hidden",
        "-Wall",
        "-Wextra"
      ],
      "configurations": {
        "Release": {
          "defines": ["NDEBUG"],
          "cflags_cc!": ["-O2"],
          "cflags_cc": ["-O3"]
        }
      },
      "conditions": [
        [
          "OS == 'linux'",
          {
            "ldflags": [
              "-static-libstdc++",
              "-static-libgcc",
              "-Wl,--version-script=<(module_root_dir)/native/exports.map"
            ]
          }
        ],
        [
          "OS == 'mac'",
          {
            "xcode_settings": {
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "CLANG_CXX_LIBRARY": "libc++",
              "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
              "GCC_ENABLE_CPP_RTTI": "NO",
              "GCC_OPTIMIZATION_LEVEL": "3",
              "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
              "MACOSX_DEPLOYMENT_TARGET": "11.0",
              "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off", "-fvisibility-inlines-hidden", "-Wall", "-Wextra"]
            }
          }
        ],
        [
          "OS == 'win'",
          {
            "defines": ["NOMINMAX", "WIN32_LEAN_AND_MEAN", "_HAS_EXCEPTIONS=0"],
            "msvs_settings": {
              "VCCLCompilerTool": {
                "AdditionalOptions!": ["-std:c++20", "/std:c++20"],
                "AdditionalOptions": ["/std:c++17", "/fp:precise"],
                "ExceptionHandling": 0,
                "RuntimeTypeInfo": "false",
                "RuntimeLibrary": 0
              }
            }
          }
        ]
      ]
    }
  ]
}
