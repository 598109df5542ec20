"""The programs of the systems bcad grew from: PyAutoDiff, autograd, Tangent, Numpy2AD; and NIST's certified fits."""
