"""Parts of conversations that several clients' tests have in common."""

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = "https://pictures.example/cat.png"

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def tool(name):
    """A tool that takes a city."""
    return {"type": "function", "function": {"name": name, "description": f"The {name} of a city", "parameters": CITY}}


TOOLS = [tool("weather"), tool("local_time")]
# The stand-in calls both tools in one answer, the first for Oslo and the second for Rome.
CALLS = [("weather", {"city": "Oslo"}), ("local_time", {"city": "Rome"})]
RESULTS = ["rain in Oslo", "noon in Rome"]
TOOLS_ANSWER = "The tools said: rain in Oslo; noon in Rome 🦀"


def user(content):
    """A message of the user."""
    return {"role": "user", "content": content}


def picture(url):
    """A message that shows a picture."""
    return user([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}])
