"""Matrix products and solvers in the kernel form: BLAS and LAPACK, loops for the smallest."""
