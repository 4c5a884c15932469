"""The domain of Quorum. No module below this package imports streamlit."""
