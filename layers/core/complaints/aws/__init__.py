"""The only folder that talks to AWS and reads the environment."""
