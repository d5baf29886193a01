# The bench of the accuracy evaluators opens the libtorch plug-in and needs no Google Benchmark.
if(EDGEFRONT_TORCH)
  add_executable(rank_correlation_bench ${CMAKE_CURRENT_LIST_DIR}/rank_correlation_bench.cpp)
  target_link_libraries(rank_correlation_bench PRIVATE edgefront_evaluators)
  edgefront_hosts_plugins(rank_correlation_bench)
  add_dependencies(rank_correlation_bench edgefront_torch)
endif()
